"""Event files read back with TensorBoard's own readers: what the store says, once, however often it is written."""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rnngan_cli.cli.tensorboard import Follower
from rnngan_cli.config import RunState
from rnngan_cli.results.exports import FORMATS, export
from rnngan_cli.results.exports.events import EVENTS_NAME, tag_of
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps.jobs import Job, Survey
from rnngan_cli.sweeps.run import Bench, execute
from rnngan_cli.system import device
from tests.support.displays import Recorded
from tests.support.sweeps import copy_published

Rnngan = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """Four published runs, two losses, one of them with codes, and a diverged one."""
    sweep = copy_published("before-recipe", tmp_path_factory.mktemp("results") / "before-recipe")
    for folder in sweep.runs():
        if not folder.path.name.startswith(("bce-gru-sines", "infogan-gru-sines-s0")):
            folder.clear()
    diverged = next(folder for folder in sweep.runs() if folder.path.name.startswith("bce-gru-sines-s2"))
    diverged.remove_manifest()
    diverged.end("diverged", 400, reason="d_loss is not finite")
    return sweep


@pytest.fixture(scope="module")
def logs(sweep: SweepFolder) -> Path:
    (done,) = export(sweep.path, "tensorboard")
    assert (done.said, done.notes) == ("scalars, pictures and hyperparameters of 4 runs", [])
    return done.target


def accumulated(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    found.Reload()
    return found


def test_scalars_are_the_history_and_the_scores(sweep: SweepFolder, logs: Path) -> None:
    for folder in sweep.runs():
        found = accumulated(logs / folder.path.name)
        history, scores = folder.history(), folder.scores().scores
        tags = {tag_of(name) for name in history[0][1]} | {f"scores/{name}" for name in scores}
        assert set(found.Tags()["scalars"]) == tags
        seconds = dict(folder.timing())
        for name in history[0][1]:
            events = found.Scalars(tag_of(name))
            assert [event.step for event in events] == [step for step, _ in history]
            assert [event.value for event in events] == pytest.approx([values[name] for _, values in history], rel=1e-6)
            assert [event.wall_time for event in events] == pytest.approx([seconds[step] for step, _ in history])
        for name, value in scores.items():
            (event,) = found.Scalars(f"scores/{name}")
            assert (event.step, event.value) == (400, pytest.approx(value, rel=1e-6))


def test_pictures_are_those_of_the_samples(sweep: SweepFolder, logs: Path) -> None:
    tags = {}
    for folder in sweep.runs():
        found = accumulated(logs / folder.path.name)
        tags[folder.path.name.rsplit("-", 1)[0]] = sorted(found.Tags()["images"])
        for tag in found.Tags()["images"]:
            (image,) = found.Images(tag)
            with Image.open(io.BytesIO(image.encoded_image_string)) as picture:
                assert picture.size == (image.width, image.height) and picture.width > 500
                assert len(picture.convert("L").getcolors() or []) > 20  # something is drawn
    assert tags["bce-gru-sines-s0"] == ["samples/generated"]
    assert tags["infogan-gru-sines-s0"] == ["samples/by_0", "samples/by_c0", "samples/by_c1", "samples/generated"]
    assert tags["bce-gru-sines-s2"] == []  # a diverged run has nothing to show


def test_the_hparams_table_has_settings_scores_and_how_runs_ended(sweep: SweepFolder, logs: Path) -> None:
    from tensorboard.plugins.hparams import api_pb2, metadata

    experiment = metadata.parse_experiment_plugin_data(
        accumulated(logs).SummaryMetadata(metadata.EXPERIMENT_TAG).plugin_data.content
    )
    names = [info.name for info in experiment.hparam_infos]
    assert names[:4] == ["loss", "cell", "dataset", "seed"]
    assert {"option_infogan_categories", "units"} & set(names) == set()  # the same in all runs that have it
    (loss,) = [info for info in experiment.hparam_infos if info.name == "loss"]
    assert [value.string_value for value in loss.domain_discrete.values] == ["bce", "infogan"]
    assert "scores/sliced_wasserstein" in [info.name.tag for info in experiment.metric_infos]
    for folder in sweep.runs():
        found, config = accumulated(logs / folder.path.name), folder.config()
        started = metadata.parse_session_start_info_plugin_data(
            found.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
        )
        assert started.hparams["loss"].string_value == config.loss
        assert started.hparams["units"].number_value == config.units
        assert started.hparams["spectral_norm"].bool_value is config.spectral_norm
        ended = metadata.parse_session_end_info_plugin_data(
            found.SummaryMetadata(metadata.SESSION_END_INFO_TAG).plugin_data.content
        )
        diverged = folder.status().state == "diverged"
        assert ended.status == (api_pb2.STATUS_FAILURE if diverged else api_pb2.STATUS_SUCCESS)
        text = found.Tensors("run")[0].tensor_proto.string_val[0].decode()
        assert ("d_loss is not finite" in text) == diverged


def test_tensorboards_own_table_shows_every_run(sweep: SweepFolder, logs: Path) -> None:
    """What its HParams page asks of the plugin, answered from the files."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(logs))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(logs))

    class Given:
        data_provider, logdir, flags, sampling_hints = provider, str(logs), None, None

    context = backend_context.Context(Given())
    experiment = context.experiment_from_metadata(
        RequestContext(), "", True, context.hparams_metadata(RequestContext(), ""), set()
    )
    asked = api_pb2.ListSessionGroupsRequest(slice_size=100, allowed_statuses=[1, 2])
    (shown,) = [info.name for info in experiment.metric_infos if info.name.tag == "scores/sliced_wasserstein"]
    asked.col_params.add(metric=shown)
    answer = list_session_groups.Handler(RequestContext(), context, "", asked).run()
    assert answer.total_size == 4
    assert {group.name for group in answer.session_groups} == {folder.path.name for folder in sweep.runs()}
    for group in answer.session_groups:
        folder = next(one for one in sweep.runs() if one.path.name == group.name)
        values = {value.name.tag: value.value for value in group.metric_values}
        tag = shown.tag
        assert values[tag] == pytest.approx(folder.scores().scores[tag.removeprefix("scores/")], rel=1e-6)


def test_writing_again_adds_nothing(sweep: SweepFolder, logs: Path) -> None:
    before = {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()}
    assert len(before) == 5
    export(sweep.path, "tensorboard")
    assert {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()} == before


def test_one_run_can_be_written(sweep: SweepFolder, logs: Path, tmp_path: Path) -> None:
    run = next(sweep.runs()).path
    (done,) = export(run, "tensorboard", tmp_path / "logs")
    assert [path.name for path in done.target.iterdir() if path.is_dir()] == [run.name]
    assert (done.target / run.name / EVENTS_NAME).read_bytes() == (logs / run.name / EVENTS_NAME).read_bytes()


def test_tensorflow_is_not_needed(sweep: SweepFolder, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['tensorflow'] = None\nfrom pathlib import Path\n"
        "from rnngan_cli.results.exports import export\n"
        f"print(export(Path({str(sweep.path)!r}), 'tensorboard', Path('logs'))[0].said)"
    )
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "scalars, pictures and hyperparameters of 4 runs\n", done.stderr


def test_a_sweep_writes_runs_as_they_end_and_changes_nothing_else(rnngan: Rnngan, tmp_path: Path) -> None:
    words = ["sweep", "--losses", "bce", "--seeds", 2, "-j", 1, "--protocol", "quick", "--progress", "none"]
    words += ["--steps", 2, "-s", "units=2", "-s", "batch_size=8", "-s", "history_every=1"]
    words += ["-o", "exported", "--tensorboard"]
    code, _, err = rnngan(*words)
    assert (code, err) == (0, "")
    logs, first = tmp_path / "exported" / "export" / "tensorboard", next(SweepFolder(tmp_path / "exported").runs())
    assert len(list(logs.rglob(EVENTS_NAME))) == 3  # the table and two runs
    assert [event.step for event in accumulated(logs / first.path.name).Scalars("losses/d_loss")] == [1, 2]
    alone = RunFolder(tmp_path / "alone" / "runs" / first.path.name)
    device.start("cpu")  # as a worker does
    execute(first.config(), alone, protocol="quick", bench=Bench())
    for name in ("history.csv", "samples.npz", "weights/manifest.json", "config.json"):
        assert (alone.path / name).read_bytes() == (first.path / name).read_bytes()
    before = {path: path.read_bytes() for path in logs.rglob(EVENTS_NAME)}
    shutil.rmtree(logs / first.path.name)
    assert rnngan(*words)[0] == 0  # nothing to train: what is missing is written
    assert rnngan("export", "exported", "--to", "tensorboard")[0] == 0  # the same writer, the same bytes
    assert {path: path.read_bytes() for path in logs.rglob(EVENTS_NAME)} == before
    assert rnngan("verify", "exported")[0] == 0


def test_a_sweep_without_tensorboard_installed_is_refused_before_any_work(
    rnngan: Rnngan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "tensorboard", replace(FORMATS["tensorboard"], needs=("no_such_module",)))
    code, out, err = rnngan("sweep", "--tensorboard")
    assert (code, out) == (2, "")
    assert err == (
        "rnngan: `tensorboard` needs `no_such_module`, which is not installed: pip install 'rnngan[tensorboard]'\n"
    )
    assert not (tmp_path / "results").exists()


def test_what_cannot_be_written_is_reported_and_stops_nothing(sweep: SweepFolder, tmp_path: Path) -> None:
    shutil.copytree(sweep.path, tmp_path / "sweep", ignore=shutil.ignore_patterns("export"))
    (tmp_path / "sweep" / "export").write_text("in the way")
    copy, told = SweepFolder(tmp_path / "sweep"), Recorded()
    jobs = [Job(folder.config(), folder, 1.0) for folder in copy.runs()]
    follower = Follower(told, copy, [job.config for job in jobs])
    follower.begin(Survey(jobs), 1)
    follower.end(1, jobs[0], RunState.DONE, "")
    assert told.told == ["begin", "end"]
    (note,) = follower.notes()
    assert "export" in note and "is no folder" in note


def test_a_run_that_cannot_be_drawn_is_reported_and_the_next_is_written(sweep: SweepFolder, tmp_path: Path) -> None:
    shutil.copytree(sweep.path, tmp_path / "sweep", ignore=shutil.ignore_patterns("export"))
    copy = SweepFolder(tmp_path / "sweep")
    first, second, *_ = jobs = [Job(folder.config(), folder, 1.0) for folder in copy.runs()]
    (first.folder.path / "scores.json").write_text("{")
    follower = Follower(Recorded(), copy, [job.config for job in jobs])
    follower.begin(Survey(jobs), 1)
    for job in (first, second):
        follower.end(1, job, RunState.DONE, "")
    assert any(first.name in note and "scores.json" in note for note in follower.notes())
    assert follower.folder is not None
    assert [path.parent.name for path in follower.folder.glob(f"*/{EVENTS_NAME}")] == [second.name]
