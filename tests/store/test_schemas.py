"""The JSON files of a run are what they should be, or their damage is named: never another error, in any command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.config import RunConfig, RunState, SweepConfig
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import Calibration, Provenance, RunFolder, ScoreKey, Seconds, SweepFolder, examine, schemas
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.atomic import json_bytes
from tests.support.places import ROOT

Rnngan = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A finished run of a sweep."""
    sweep = SweepFolder(tmp_path / "sweep")
    sweep.create(SweepConfig())
    config = plan(SweepConfig.model_validate({"losses": "bce", "seeds": 1}))[0]
    folder = sweep.run(config)
    folder.create(config)
    folder.write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": 0.1}, {"sliced_wasserstein": [0.1, 0.2]})
    folder.write_history([(20, {"d_loss": 1.0, "g_loss": 2.0})])
    folder.write_provenance(
        Provenance(versions={"keras": "3"}, updates={"generator": 5}, seconds=Seconds(training=1.5))
    )
    folder.write_status("done", 20)
    return folder


STATUS: list[dict[str, Any]] = [
    {"state": []},
    {"state": "finished"},
    {"state": "done", "step": "20"},
    {"state": "done", "step": -1},
    {"state": "done", "step": 1.5},
    {"state": "done", "step": True},
    {"state": "done", "reason": None},
    {"state": "done", "step": 10**30},
]
SCORES: list[dict[str, Any]] = [
    {"scores": "none"},
    {"scores": {"mmd2": None}},
    {"scores": {"mmd2": "1"}},
    {"scores": {"mmd2": True}},
    {"scores": {"mmd2": [1]}},
    {"scores": {"mmd2": 1e200}},
    {"scores": {"": 1}},
    {"scores": {"=1+1": 1}},
    {"scores": {"loss": 1}},
    {"scores": {"status": 1}},
    {"judges": {"mmd2": 3}},
    {"judges": {"mmd2": [1, None]}},
    {"judges": []},
    {"protocol": 3},
    {"data_sha256": ["a"]},
    {"others": [3]},
    {"others": {"a": 1}},
    {"others": [{"scores": {"mmd2": "1"}}]},
]
PROVENANCE: list[dict[str, Any]] = [
    {"versions": []},
    {"versions": {"keras": 3}},
    {"updates": {"generator": "many"}},
    {"updates": {"loss": 3}},
    {"updates": 3},
    {"seconds": 3},
    {"seconds": {"training": "long"}},
]


@pytest.mark.parametrize("content", STATUS, ids=repr)
def test_a_status_of_another_type_is_damage(run: RunFolder, content: dict[str, Any]) -> None:
    (run.path / "status.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DamagedFileError, match=r"status\.json"):
        run.status()
    runs, damage = runs_table(SweepFolder(run.path.parent.parent))
    assert len(runs) == 0
    assert len(damage) == 1
    assert "status.json" in damage[0]


@pytest.mark.parametrize("content", SCORES, ids=repr)
def test_scores_of_another_type_are_damage(run: RunFolder, content: dict[str, Any]) -> None:
    (run.path / "scores.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DamagedFileError, match=r"scores\.json"):
        run.scores()
    assert "scores.json" in runs_table(SweepFolder(run.path.parent.parent))[1][0]
    assert not run.recall_scores(ScoreKey("quick", "ab" * 32, "cd"))  # computed anew, not read


@pytest.mark.parametrize("content", PROVENANCE, ids=repr)
def test_a_provenance_of_another_type_is_damage_and_costs_the_run_nothing_else(
    run: RunFolder, content: dict[str, Any]
) -> None:
    (run.path / "provenance.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DamagedFileError, match=r"provenance\.json"):
        run.provenance()
    runs, damage = runs_table(SweepFolder(run.path.parent.parent))
    assert runs["sliced_wasserstein"].tolist() == [0.1]
    assert ["provenance.json" in line for line in damage] == [True]


@pytest.mark.parametrize(
    "content", [{}, {"candidates": 3}, {"candidates": {"floor": 3}}, {"candidates": {"floor": {"mmd2": "1"}}},
                {"candidates": {"\x1b[31m": {"mmd2": 1}}}]
)  # fmt: skip
def test_a_calibration_of_another_type_is_damage(tmp_path: Path, content: dict[str, Any]) -> None:
    sweep = SweepFolder(tmp_path)
    sweep.write_calibration("sines-ab-quick", Calibration(candidates={"floor": {"mmd2": 0.5}}))
    assert sweep.calibration("sines-ab-quick").candidates == {"floor": {"mmd2": 0.5}}
    path = sweep.path / "calibration" / "sines-ab-quick.json"
    path.write_text(json.dumps({**content, "protocol": "quick"}), encoding="utf-8")
    with pytest.raises(DamagedFileError, match=r"sines-ab-quick\.json"):
        sweep.calibration("sines-ab-quick")


@pytest.mark.parametrize("key", ["../../secret", "a/b", "", "a\0b", "..", "A"])
def test_a_key_from_a_file_is_no_path(tmp_path: Path, key: str) -> None:
    """The protocol and the data's hash are read from scores.json and become part of a file's name."""
    sweep = SweepFolder(tmp_path / "sweep")
    sweep.create(SweepConfig())
    (tmp_path / "secret.json").write_text('{"candidates": {"floor": {"mmd2": 1}}}', encoding="utf-8")
    for read in (sweep.calibration, sweep.reference):
        with pytest.raises(DamagedFileError, match="no file can have the name"):
            read(key)


def test_every_published_file_is_what_it_should_be() -> None:
    """What is published is packed: its files, and what a record would write of each, which is the same bytes."""
    kinds: dict[str, type[schemas.StoredFile]] = {
        "status.json": schemas.RunStatus,
        "scores.json": schemas.StoredScores,
        "provenance.json": schemas.Provenance,
    }
    runs = [run for path in (ROOT / "results").rglob("sweep.json") for run in SweepFolder(path.parent).runs()]
    assert len(runs) == 2010
    for run in runs:
        diverged = run.status().state == RunState.DIVERGED
        for name, kind in kinds.items():
            if name == "scores.json" and diverged:
                continue  # it has none
            content = run.files.read(name)
            assert json_bytes(schemas.file_content(schemas.parse_record(run.path / name, content, kind))) == content
        assert isinstance(run.config(), RunConfig)
        assert examine(run)[1] == {}
    calibrations = list((ROOT / "results").glob("*/calibration/*.json"))
    assert len(calibrations) == 13
    for path in calibrations:
        schemas.read_record(path, schemas.Calibration)


ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202egnp.\r\n\x00"


def test_text_of_strangers_moves_nothing_on_a_terminal(rnngan: Rnngan, run: RunFolder) -> None:
    """In a reason, in the name of a folder, in what is told of damage, in a protocol."""
    results = run.path.parent.parent
    run.write_status("failed", 3, reason=f"why {ESCAPE}")
    other = run.path.with_name("x\x1b[31mred")
    other.mkdir()
    (other / "config.json").write_text("{", encoding="utf-8")
    outputs = [rnngan("status", results)]
    run.write_status("diverged", 3, reason=f"why {ESCAPE}")
    outputs.append(rnngan("status", results))
    run.write_status("done", 20)
    run.write_scores(ScoreKey(f"quick{ESCAPE}", "ab" * 32), {"sliced_wasserstein": 0.1, "mmd2": 0.2})
    outputs += [rnngan(*words) for words in (("compare", results), ("compare", results, "--csv"))]
    outputs.append(rnngan("compare", f"no{ESCAPE[:-1]}"))
    for code, out, err in outputs:
        assert code in (0, 2)
        unseen = {one for one in out + err if not one.isprintable()} - {"\n"}
        assert not unseen, repr(out + err)
    assert "\\x1b" in outputs[0][1]
    assert "\\u202e" in outputs[1][1]
    assert "why" in outputs[1][1]
    assert "Traceback" not in "".join(out + err for _, out, err in outputs)
