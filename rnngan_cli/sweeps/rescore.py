"""Scoring what is trained already: runs by another protocol, and series of known quality beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rnngan_cli.config import DataConfig, RunConfig, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation import Protocol
from rnngan_cli.evaluation.calibration import calibrate
from rnngan_cli.store import Calibration, RunFolder, ScoreKey, SweepFolder
from rnngan_cli.sweeps.run import Bench, score_run
from rnngan_cli.system import provenance

ReportLine = Callable[[str], None]


@dataclass
class Evaluated:
    """What was done: runs scored anew, data sets calibrated, and a line for everything left out."""

    runs: int = 0
    datasets: int = 0
    notes: list[str] = field(default_factory=list)


def rescore(sweep: SweepFolder, by: Protocol, report: ReportLine = lambda _: None) -> Evaluated:
    """Scores every finished run that has no scores by the protocol, and calibrates every data set of the sweep once.

    Scores a run has had by the protocol, for the same data and weights, are called up again.

    Args:
        sweep: its folder.
        by: the protocol.
        report: told of progress, a line each.

    Raises:
        UserError: data cannot be loaded, or the disk refused.
    """
    bench, done = Bench(), Evaluated()
    known: dict[str, DataConfig] = {}
    for folder in sweep.runs():
        try:
            config, status, scores = folder.config(), folder.status(), folder.scores()
        except DamagedFileError as error:
            done.notes.append(str(error))
            continue
        if status.state != RunState.DONE:
            continue
        dataset = bench.dataset(config.data)
        known[f"{config.data.name}-{dataset.sha256[:12]}"] = config.data
        current = (scores.protocol, scores.data_sha256) == (by.name, dataset.sha256)
        if not current and not folder.recall_scores(ScoreKey(by.name, dataset.sha256, folder.weights_sha256())):
            report(f"scoring {folder.path.name}")
            _score(folder, config, by, bench, done)
    for key, data in known.items():
        place = f"{key}-{by.name}"
        if not sweep.calibration(place).candidates:
            report(f"calibrating {data.name}")
            _calibrate(sweep, place, data, by, bench)
            done.datasets += 1
    return done


def _score(folder: RunFolder, config: RunConfig, by: Protocol, bench: Bench, done: Evaluated) -> None:
    dataset = bench.dataset(config.data)
    try:
        trainer = bench.trainer(config, dataset)
        trainer.load_weights(folder.weights())
    except (DamagedFileError, UserError, ValueError) as error:
        done.notes.append(f"{folder.path.name}: keeps its scores, {error}")
        return
    done.runs += score_run(trainer, dataset, folder, by.name, bench.scorer)


def _calibrate(sweep: SweepFolder, place: str, data: DataConfig, by: Protocol, bench: Bench) -> None:
    dataset = bench.dataset(data)
    found = calibrate(dataset, bench.scorer, by)
    calibration = Calibration(
        protocol=by.name,
        data_sha256=dataset.sha256,
        versions=provenance.versions(),
        candidates={name: scored.values for name, scored in found.items()},
        judges={
            name: {score: list(numbers) for score, numbers in scored.judges.items()} for name, scored in found.items()
        },
    )
    sweep.write_calibration(place, calibration)
