"""Runs in an MLflow database: an experiment for each sweep, in a folder with a SQLite database.

MLflow writes the database in its own transactions. A run is recognised by its name and a hash of its results, so a
second export adds nothing, and a run that was trained or scored again replaces its older version.
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
from rnngan_cli.store import remarks
from rnngan_cli.system.text import counted

DATABASE = "mlflow.db"
RUN_TAG, RESULTS_TAG = "rnngan.run", "rnngan.results"
MOST_METRICS, MOST_PARAMS, PAGE = 1000, 100, 1000
"""Limits of MLflow: metrics and parameters in a request, and runs in a page of a response."""


def write_tracking(source: ExportSource, target: Path) -> Written:
    """Adds every run that has ended to the experiment of its sweep.

    Raises:
        UserError: no run has ended, or the folder cannot be made.
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
            for number in old:  # with older results, or incomplete because a process was killed
                client.delete_run(number)
            _log_run(client, experiment, run, results)
            added += 1
    return Written(f"{counted(added, 'run')} added, {len(runs) - added} there already", notes)


@contextmanager
def _client(folder: Path) -> Iterator[Any]:
    """Opens a client of MLflow on the database of the folder, without telemetry and log output.

    Raises:
        EnvironmentFaultError: the database cannot be used.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow reads it when it is imported and when it sends
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # from dependencies of MLflow
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
    """The id of the experiment of the sweep, which is created if need be."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, artifact_location=(folder / "artifacts").as_uri()))
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _known(client: Any, experiment: str) -> dict[str, dict[str, str]]:
    """The hash of results by id of MLflow, by name of run; the hash is empty if the run is incomplete."""
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
    """Computes the SHA-256 of everything that is logged of a run."""
    history = [[step, {name: repr(value) for name, value in values.items()}] for step, values in run.history]
    logged = [parameters(run), tags(run), final_metrics(run), history]
    return hashlib.sha256(canonical_json(logged).encode()).hexdigest()


def parameters(run: EndedRun) -> dict[str, str]:
    """Returns the settings of a run as text, by column of the exported tables; unset ones are left out."""
    flat = flat_config(run.config.model_dump(mode="json"))
    return {name: str(value) for name, value in flat.items() if value not in (None, "")}


def tags(run: EndedRun) -> dict[str, str]:
    """Returns the state and the provenance of a run as text."""
    status, scores, provenance = run.status, run.scores, run.provenance
    found: dict[str, object] = {"state": status.state, "reason": remarks(status, scores), "step": status.step}
    found |= {"protocol": scores.protocol, "data_sha256": scores.data_sha256}
    found |= {"weights_sha256": scores.weights_sha256, "device": provenance.device}
    found |= {f"git.{name}": value for name, value in provenance.git.items()}
    found |= {f"version.{name}": value for name, value in provenance.versions.items()}
    return {f"rnngan.{name}": printable(str(value)) for name, value in found.items() if value != ""}


def final_metrics(run: EndedRun) -> dict[str, float]:
    """Returns the scores of a run and its seconds of training."""
    scores = {f"score_{name}": value for name, value in run.scores.scores.items()}
    seconds = run.provenance.seconds.training
    return scores if seconds is None else {**scores, "seconds_training": seconds}


def _log_run(client: Any, experiment: str, run: EndedRun, results: str) -> None:
    """Logs a run. The hash is set last, so that a run without a hash is known to be incomplete."""
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
