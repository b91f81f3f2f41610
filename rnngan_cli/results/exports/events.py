"""Event files for TensorBoard: scalars, sample pictures and the HParams table, written without TensorFlow.

Each run has a folder with one file, which is written as a whole when the run has ended. So the file depends on the
results of the run only: nothing is appended to it, and writing it again, or by another command, changes nothing.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rnngan_cli.config import RunConfig, RunState
from rnngan_cli.errors import printable
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.exports.source import EndedRun, ExportSource, Written, ended_runs, target_folder
from rnngan_cli.results.exports.tables import flat_config
from rnngan_cli.store import SweepFolder
from rnngan_cli.store.schemas import plain
from rnngan_cli.system.atomic import make_own_folder, write_bytes
from rnngan_cli.system.text import counted, markdown_table

EVENTS_NAME = "events.out.tfevents.0000000000.rnngan"
"""TensorBoard reads files with `tfevents` in their name, ordered by the number after it."""
ALWAYS = ("loss", "cell", "dataset", "seed")
"""Hyperparameters that are always in the table; the rest are in it if they differ between runs."""
_PARTS = {"_loss": "losses", "_norm": "norms"}


def write_events(source: ExportSource, target: Path) -> Written:
    """Writes every run that has ended, and the table of hyperparameters over them.

    Raises:
        UserError: no run has ended, or the folder cannot be made.
        EnvironmentFaultError: the disk refused a write.
    """
    runs, notes = ended_runs(source)
    folder = target_folder(target)
    write_table(folder, [run.config for run in runs])
    for run in runs:
        notes += write_run(folder, source.sweep, run)
    return Written(f"scalars, pictures and hyperparameters of {counted(len(runs), 'run')}", notes)


def write_run(folder: Path, sweep: SweepFolder, run: EndedRun) -> list[str]:
    """Writes a run into its own folder below `folder`; returns a note for everything that is left out."""
    make_own_folder(folder, run.name)
    pictures, notes = _pictures(sweep, run)
    write_bytes(run_file(folder, run.name), _file(_run_events(run, pictures)))
    return notes


def run_file(folder: Path, name: str) -> Path:
    """Returns the path of the event file of a run."""
    return folder / name / EVENTS_NAME


def write_table(folder: Path, configs: Sequence[RunConfig]) -> None:
    """Writes the columns of the HParams table: hyperparameters that differ among `configs`, and primary scores."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import Discrete, HParam, Metric, hparams_config_pb

    settings = [hyperparameters(config) for config in configs]
    columns = []
    for name in dict.fromkeys(name for run in settings for name in run):
        values = {run[name] for run in settings if name in run}
        if name in ALWAYS or len(values) > 1:
            same = values if len({type(value) for value in values}) == 1 else set(map(str, values))
            columns.append(HParam(name, Discrete(sorted(same))))
    scores = [Metric(f"scores/{name}", display_name=row.title) for name, row in METRICS.items() if row.primary]
    # A fixed time, so that the same runs give the same bytes.
    table = hparams_config_pb(columns, scores, time_created_secs=1)
    write_bytes(folder / EVENTS_NAME, _file([Event(wall_time=0, summary=table)]))


def hyperparameters(config: RunConfig) -> dict[str, bool | float | str]:
    """Returns the settings of a run as booleans, floats and strings, for TensorBoard; unset ones are left out."""
    flat = flat_config(config.model_dump(mode="json"))
    settings = {name: flat.pop(name) for name in ALWAYS} | flat
    return {
        name: value if isinstance(value, bool | str) else float(value)
        for name, value in settings.items()
        if value is not None
    }


def _file(events: Iterable[Any]) -> bytes:
    """Encodes events as the bytes of a file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for event in (Event(wall_time=0, file_version="brain.Event:2"), *events):
        writer.write(event.SerializeToString(deterministic=True))
    return buffer.getvalue()


def _run_events(run: EndedRun, pictures: Mapping[str, bytes]) -> Iterator[Any]:
    """Yields hyperparameters, losses and terms by step, scores, pictures, and the end of the run.

    Event times are seconds of training, the only times that are stored by step; they make the axis `relative` right.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    started = hparams_pb(hyperparameters(run.config), trial_id=run.name, start_time_secs=0)
    yield Event(wall_time=0, summary=started)
    seconds, now = dict(run.folder.timing()), 0.0
    for step, terms in run.history:
        now = seconds.get(step, now)
        values = [Summary.Value(tag=tag_of(name), simple_value=value) for name, value in terms.items()]
        yield Event(wall_time=now, step=step, summary=Summary(value=values))
    last = run.status.step
    scores = run.scores.scores.items()
    values = [Summary.Value(tag=f"scores/{name}", simple_value=value) for name, value in scores]
    values += [_picture(tag, content) for tag, content in pictures.items()]
    for summary in (Summary(value=values), _words(run), _ended(run, now)):
        yield Event(wall_time=now, step=last, summary=summary)


def tag_of(term: str) -> str:
    """Returns the tag under which TensorBoard shows a column of the history.

    >>> tag_of("d_loss"), tag_of("g_grad_norm"), tag_of("penalty")
    ('losses/d_loss', 'norms/g_grad_norm', 'terms/penalty')
    """
    part = next((part for end, part in _PARTS.items() if term.endswith(end)), "terms")
    return f"{part}/{term}"


def _pictures(sweep: SweepFolder, run: EndedRun) -> tuple[dict[str, bytes], list[str]]:
    """Draws the generated series of a finished run as PNG by tag; also returns a note if they cannot be read."""
    import pandas as pd

    from rnngan_cli.results.figures.controls import draw_generated
    from rnngan_cli.results.groups import Grid, read_reference, read_samples

    if run.status.state != RunState.DONE or run.folder.is_without_samples():
        return {}, []
    facts = {"dataset": run.config.data.name, "cell": run.config.cell, "seed": run.config.seed, "folder": run.name}
    rows = pd.DataFrame([{**facts, "data": run.scores.data_sha256[:12]}])
    real, _ = read_reference(sweep, rows)  # without it pictures lack the names of features only
    samples, notes = read_samples(sweep, str(rows["folder"].iloc[0]), int(rows["seed"].iloc[0]), real)
    if samples is None:
        return {}, notes
    names = () if real is None else real.feature_names
    plain = Grid("", ("",), samples.series[None], real is not None and real.image)
    grids = {"samples/generated": plain, **{f"samples/by_{grid.name}": grid for grid in samples.grids}}
    pictures = {tag: draw_generated(grid, run.config.label, names, ("png",))["png"] for tag, grid in grids.items()}
    return pictures, notes


def _picture(tag: str, content: bytes) -> Any:
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    image = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=content)
    return Summary.Value(tag=tag, image=image)


def _words(run: EndedRun) -> Any:
    """The state of the run and the versions it was made with, as a text summary."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    facts = {**plain(run.status), "protocol": run.scores.protocol, **run.provenance.versions}
    rows = [(name, printable(str(value)).replace("|", "\\|")) for name, value in facts.items()]
    text = "\n".join(markdown_table(("run", run.name), rows))
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()])
    metadata = create_summary_metadata(display_name="", description="")
    return Summary(value=[Summary.Value(tag="run", tensor=tensor, metadata=metadata)])


def _ended(run: EndedRun, seconds: float) -> Any:
    """The end of the run for the HParams table: success, or failure if it diverged."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_SUCCESS if run.status.state == RunState.DONE else api_pb2.STATUS_FAILURE
    ended = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=seconds)
    content = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=ended))
    value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=content, tensor=metadata.NULL_TENSOR)
    return Summary(value=[value])
