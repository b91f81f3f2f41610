"""The pilot: two short runs that tell how long runs take, and the model of costs for the losses it leaves out."""

from statistics import fmean

from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.tuning.choosing.pace import Pace
from rnngan_cli.tuning.choosing.study import Choice

PILOT_UPDATES = 60
"""Updates of the two runs."""


def prepare_pilot(choice: Choice) -> Prepared:
    """Prepares two short runs that tell how long runs take: of the first loss, and of the costliest by the model."""
    first = choice.losses[0]
    longest = max(choice.losses, key=lambda loss: (_modelled(choice, loss), loss != first))
    fields = {"losses": tuple(dict.fromkeys((first, longest))), "run": {**choice.sweep.run, "steps": PILOT_UPDATES}}
    return prepare_sweep(choice.sweep.model_copy(update=fields), choice.folder.pilot, datasets=choice.datasets)


def _modelled(choice: Choice, loss: str) -> float:
    """Seconds of an update of a loss by the model of costs."""
    data, run = choice.dataset, choice.runs[loss]
    ends = (run.model_copy(update={"steps": steps}) for steps in (100, 200))
    one, other = (cost.seconds(end, data.steps, data.features, judge_sizes=0) for end in ends)
    return (other - one) / 100


def modelled_pace(choice: Choice) -> Pace:
    """How long runs take by the model of costs, before a pilot has run."""
    updates = [_modelled(choice, loss) for loss in choice.losses]
    return Pace(fmean(updates), cost.SCORE_SECONDS, cost.COMPILE_SECONDS)


def measured_pace(choice: Choice, pilot: Prepared) -> Pace:
    """How long runs take by the pilot, whose runs have ended; losses not in it take by the model what it says of them.

    Raises:
        UserError: the files of a run are damaged.
    """
    factors, starts, besides = list[float](), list[float](), list[float]()
    for job in pilot.jobs:
        try:
            seconds, rows = job.folder.provenance().seconds, job.folder.timing()
        except DamagedFileError as error:
            raise UserError(f"{error}; remove `{choice.folder.pilot}` and give the command again") from error
        if len(rows) < 2:
            return modelled_pace(choice)  # it diverged, or its clock times are lost
        (first, begun), (last, ended) = rows[0], rows[-1]
        update = max(ended - begun, 1e-3) / (last - first)
        factors.append(update / _modelled(choice, job.config.loss))
        starts.append(max(0.0, begun - first * update))
        besides.append(seconds.scoring or cost.SCORE_SECONDS)
    updates = fmean(factors) * fmean([_modelled(choice, loss) for loss in choice.losses])
    return Pace(updates, fmean(besides), fmean(starts))
