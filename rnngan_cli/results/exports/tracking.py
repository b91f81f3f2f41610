"""Runs as MLflow tracks them: an experiment a sweep, in a folder that holds a SQLite database.

MLflow writes the database itself, in its own transactions. A run is known again by its name and a hash of what is told
of it: told twice it is there once, and one that was trained or scored anew takes the place of the old one.
"""

import hashlib
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnngan_cli.config import RunState, canonical_json
from rnngan_cli.errors import EnvironmentFaultError, printable
from rnngan_cli.results.exports.source import EndedRun, ExportSource, Written, ended_runs, target_folder
from rnngan_cli.results.exports.tables import flat_config
from rnngan_cli.system.text import counted

DATABASE = "mlflow.db"
RUN_TAG, RESULTS_TAG = "rnngan.run", "rnngan.results"
MOST_METRICS, MOST_PARAMS, PAGE = 1000, 100, 1000
"""What MLflow takes and gives at a time."""


def write_tracking(source: ExportSource, target: Path) -> Written:
    """Adds every run that has ended to the experiment of its sweep.

    Raises:
        UserError: no run has ended, or the folder cannot be.
        EnvironmentFaultError: MLflow cannot write the database.
    """
    runs, notes = ended_runs(source)
    folder = target_folder(target)
    with _client(folder) as client:
        experiment = _experiment(client, printable(source.sweep.path.resolve().name), folder)
        known = _known(client, experiment)
        added = 0
        for run in runs:
            results = results_hash(run)
            old = known.get(run.name, {})
            if results in old.values():
                continue
            for number in old:  # of other results, or half told by a process that was killed
                client.delete_run(number)
            _tell(client, experiment, run, results)
            added += 1
    return Written(f"{counted(added, 'run')} added, {len(runs) - added} there already", notes)


@contextmanager
def _client(folder: Path) -> Iterator[Any]:
    """MLflow's client on the folder's database, telling nobody and saying nothing.

    Raises:
        EnvironmentFaultError: the database cannot be used.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read when it is imported, and whenever it would send
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own dependencies
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield MlflowClient(tracking_uri=f"sqlite:///{folder / DATABASE}")
        except (MlflowException, SQLAlchemyError) as error:
            reason = str(error).splitlines()[0]
            raise EnvironmentFaultError(
                f"`{folder / DATABASE}`: MLflow cannot use it ({reason}); remove it, or choose another folder"
            ) from error


def _experiment(client: Any, name: str, folder: Path) -> str:
    """The id of the sweep's experiment, made where it is not there."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, artifact_location=(folder / "artifacts").as_uri()))
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _known(client: Any, experiment: str) -> dict[str, dict[str, str]]:
    """By a run's name, what is tracked under it: the hash of its results by MLflow's id, empty if it is not whole."""
    known: dict[str, dict[str, str]] = {}
    token: str | None = ""
    while token is not None:
        page = client.search_runs([experiment], max_results=PAGE, page_token=token or None)
        for run in page:
            tags = run.data.tags
            if RUN_TAG in tags:
                known.setdefault(tags[RUN_TAG], {})[run.info.run_id] = tags.get(RESULTS_TAG, "")
        token = page.token or None
    return known


def results_hash(run: EndedRun) -> str:
    """SHA-256 of what is told of a run."""
    history = [[step, {name: repr(value) for name, value in values.items()}] for step, values in run.history]
    told = [parameters(run), tags(run), final_metrics(run), history]
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def parameters(run: EndedRun) -> dict[str, str]:
    """A run's settings as words, by the names they have in tables; none for what is not set."""
    flat = flat_config(run.config.model_dump(mode="json"))
    return {name: str(value) for name, value in flat.items() if value not in (None, "")}


def tags(run: EndedRun) -> dict[str, str]:
    """How a run ended and what it came from."""
    status, scores, provenance = run.status, run.scores, run.provenance
    found: dict[str, object] = {"state": status.state, "reason": status.reason, "step": status.step}
    found |= {"protocol": scores.protocol, "data_sha256": scores.data_sha256}
    found |= {"weights_sha256": scores.weights_sha256, "device": provenance.device}
    found |= {f"git.{name}": value for name, value in provenance.git.items()}
    found |= {f"version.{name}": value for name, value in provenance.versions.items()}
    return {f"rnngan.{name}": printable(str(value)) for name, value in found.items() if value != ""}


def final_metrics(run: EndedRun) -> dict[str, float]:
    """A run's scores, and seconds of training."""
    scores = {f"score_{name}": value for name, value in run.scores.scores.items()}
    seconds = run.provenance.seconds.training
    return scores if seconds is None else {**scores, "seconds_training": seconds}


def _tell(client: Any, experiment: str, run: EndedRun, results: str) -> None:
    """Tracks one run; the hash comes last, so that a run without one is known for not being whole."""
    from mlflow.entities import Metric, Param

    seconds, ended = dict(run.folder.timing()), round(1000 * run.folder.ended_at())
    started = ended - round(1000 * max(seconds.values(), default=0.0))
    own = {RUN_TAG: run.name, **tags(run)}
    number = client.create_run(experiment, start_time=started, tags=own, run_name=run.name).info.run_id
    metrics = [
        Metric(name, value, started + round(1000 * seconds.get(step, 0.0)), step)
        for step, values in run.history
        for name, value in values.items()
    ]
    last = run.status.step
    metrics += [Metric(name, value, ended, last) for name, value in final_metrics(run).items()]
    params = [Param(name, value) for name, value in parameters(run).items()]
    for place in range(0, len(params), MOST_PARAMS):
        client.log_batch(number, params=params[place : place + MOST_PARAMS])
    for place in range(0, len(metrics), MOST_METRICS):
        client.log_batch(number, metrics=metrics[place : place + MOST_METRICS])
    client.set_terminated(number, "FINISHED" if run.status.state == RunState.DONE else "FAILED", end_time=ended)
    client.set_tag(number, RESULTS_TAG, results)
