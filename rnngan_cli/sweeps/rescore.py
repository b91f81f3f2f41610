"""Scores trained runs by another protocol, and series of known quality beside them."""

from collections.abc import Callable
from dataclasses import dataclass

from rnngan_cli.config import DataConfig, RunConfig, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation import Protocol
from rnngan_cli.evaluation.calibration import calibrate, real_spread
from rnngan_cli.store import Calibration, RunFolder, ScoreKey, SweepFolder, read_weights, weights_sha256
from rnngan_cli.sweeps.run import Bench
from rnngan_cli.sweeps.scoring import score_run
from rnngan_cli.system import provenance

ReportLine = Callable[[str], None]
"""Called with one line at a time."""


@dataclass(frozen=True)
class Rescored:
    """What was done to a sweep.

    Attributes:
        runs: number of runs scored anew.
        datasets: number of data sets calibrated.
        notes: a line for everything that was left out.
    """

    runs: int
    datasets: int
    notes: tuple[str, ...]


def rescore(sweep: SweepFolder, by: Protocol, report: ReportLine = lambda _: None) -> Rescored:
    """Scores every finished run that has no scores by the protocol, and calibrates every data set of the sweep once.

    Existing scores by the protocol for the same data and weights are reused.

    Args:
        sweep: the sweep's folder.
        by: the protocol.
        report: called with a line for every run that is scored and every data set that is calibrated.

    Raises:
        UserError: data cannot be loaded, or the disk refused.
    """
    bench, num_runs, notes = Bench(), 0, []
    known: dict[str, DataConfig] = {}
    for folder in sweep.runs():
        try:
            config, status, scores = folder.config(), folder.status(), folder.scores()
        except DamagedFileError as error:
            notes.append(str(error))
            continue
        if status.state != RunState.DONE:
            continue
        dataset = bench.dataset(config.data)
        known[f"{config.data.name}-{dataset.sha256[:12]}"] = config.data
        current = (scores.protocol, scores.data_sha256) == (by.key, dataset.sha256)
        if not current and not folder.recall_scores(ScoreKey(by.key, dataset.sha256, weights_sha256(folder))):
            report(f"scoring {folder.path.name}")
            is_new, note = _score(folder, config, by, bench)
            num_runs += is_new
            notes += [note] if note else []
    missing = {f"{key}-{by.key}": data for key, data in known.items()}
    # Earlier versions scored the candidates, and not how far sets of real series lie apart.
    missing = {place: data for place, data in missing.items() if not sweep.calibration(place).real_spread}
    for place, data in missing.items():
        report(f"calibrating {data.name}")
        _calibrate(sweep, place, data, by, bench)
    return Rescored(num_runs, len(missing), tuple(notes))


def _score(folder: RunFolder, config: RunConfig, by: Protocol, bench: Bench) -> tuple[bool, str]:
    """Scores a run; whether its scores are new, and why it keeps its old ones, if it does."""
    dataset = bench.dataset(config.data)
    try:
        trainer = bench.trainer(config, dataset)
        trainer.load_weights(read_weights(folder))
    except (DamagedFileError, UserError, ValueError) as error:
        return False, f"{folder.path.name}: keeps its scores, {error}"
    return score_run(trainer, dataset, folder, by.name, bench.scorer), ""


def _calibrate(sweep: SweepFolder, place: str, data: DataConfig, by: Protocol, bench: Bench) -> None:
    dataset = bench.dataset(data)
    found = calibrate(dataset, bench.scorer, by)
    calibration = Calibration(
        protocol=by.key,
        data_sha256=dataset.sha256,
        versions=provenance.versions(),
        candidates={name: scored.values for name, scored in found.items()},
        judges={
            name: {score: list(numbers) for score, numbers in scored.judges.items()} for name, scored in found.items()
        },
        real_spread=real_spread(dataset, bench.scorer, by, found["floor"]),
    )
    sweep.write_calibration(place, calibration)
