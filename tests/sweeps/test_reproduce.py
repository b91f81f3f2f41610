"""Runs trained again on a processor with other bits: compared as far as rounding and seeds allow, and no further."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps import agreement
from rnngan_cli.system import arithmetic
from rnngan_cli.system.arithmetic import Arithmetic
from tests.support.sweeps import DATA, SIZE, Sweep, once

Rnngan = Callable[..., tuple[int, str, str]]

able = pytest.mark.skipif(not arithmetic.can_be_portable(), reason="portable bits need Linux on x86-64 with AVX2")


@pytest.fixture(scope="session")
def seeds_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of one loss with four seeds, portable bits; not to be written to."""

    def make(path: Path) -> None:
        words = (
            "--losses",
            "bce",
            "--seeds",
            "4",
            "--steps",
            "4",
            "-s",
            "history_every=2",
            "--bits",
            "portable",
            *SIZE,
            *DATA,
        )
        done = Sweep(path, *words).run("--quiet")
        assert done.returncode == 0, done.stderr

    return once(tmp_path_factory, "four-seeds", make)


@pytest.fixture
def run(seeds_once: Path, tmp_path: Path) -> RunFolder:
    """The first of four seeds, in a copy of their sweep."""
    return next(SweepFolder(Path(shutil.copytree(seeds_once, tmp_path / "sweep"))).runs())


def rewrite(
    run: RunFolder,
    *,
    d_loss: float = 1.0,
    arithmetics: list[Arithmetic] | None = None,
    score: float = 1.0,
    computed_by: str | None = None,
) -> None:
    """Multiplies the first loss and every score of a run, and changes its arithmetic, as if it had ended so."""
    history, facts, scores, status = run.history(), run.provenance(), run.scores(), run.status()
    history[0][1]["d_loss"] *= d_loss
    run.write_history(history)
    if arithmetics is not None:
        run.write_provenance(facts.model_copy(update={"arithmetic": arithmetics}))
    content = json.loads((run.path / "scores.json").read_text())
    content["scores"] = {name: value * score for name, value in scores.scores.items()}
    content["arithmetic"] = content["arithmetic"] if computed_by is None else computed_by
    (run.path / "scores.json").write_text(json.dumps(content))
    run.end(status.state, status.step)


def other_processor() -> Arithmetic:
    """The native bits of a processor that this one is not."""
    return arithmetic.current().model_copy(update={"bits": "native", "processor": "Another Processor 9000"})


def verify(run: RunFolder, rnngan: Rnngan) -> tuple[int, dict[str, list[str]], str]:
    code, out, err = rnngan("verify", "--reproduce", run.path, "--json")
    return code, json.loads(out), err


@able
def test_equal_bits_are_equal_whatever_computed_them(run: RunFolder, rnngan: Rnngan) -> None:
    """The run says that another processor has computed it, and its bits are those of this one."""
    assert [one.bits for one in run.provenance().arithmetic] == ["portable"]
    rewrite(run, arithmetics=[other_processor().model_copy(update={"bits": "portable", "libc": "other 1.0"})])
    code, found, err = verify(run, rnngan)
    assert (code, found["differences"], found["rounding"], err) == (0, [], [], "")


@able
def test_scores_that_an_older_version_did_not_have_are_no_difference(run: RunFolder, rnngan: Rnngan) -> None:
    """But a score of the kept run that is not there any more is one."""
    content = json.loads((run.path / "scores.json").read_text())
    del content["scores"]["hiding_noise"], content["scores"]["copies"]
    (run.path / "scores.json").write_text(json.dumps(content))
    run.end(run.status().state, run.status().step)
    code, found, err = verify(run, rnngan)
    assert (code, found["differences"], err) == (0, [], "") and "scores.json" in found["same"]
    content["scores"]["gone"] = 0.5
    (run.path / "scores.json").write_text(json.dumps(content))
    run.end(run.status().state, run.status().step)
    code, found, _ = verify(run, rnngan)
    assert code == 3 and found["differences"] == ["scores.json differs: gone was 0.5, is None"]


@able
def test_other_bits_are_compared_within_rounding(run: RunFolder, rnngan: Rnngan) -> None:
    rewrite(run, arithmetics=[other_processor()], d_loss=1 + 1e-7)
    code, found, err = verify(run, rnngan)
    assert (code, found["differences"]) == (6, [])
    assert "bits cannot be compared on this machine; what can be compared agrees" in err
    assert any("step 2: losses differ by 1e-07 of their size" in line for line in found["rounding"])
    assert any("scores lie within the spread of seeds" in line for line in found["rounding"])
    assert any("Another Processor 9000" in line for line in found["notes"])
    code, out, _ = rnngan("verify", "--reproduce", run.path)
    assert code == 6 and "  within rounding: history.csv, step 2" in out and "difference:" not in out


@able
def test_more_than_rounding_is_a_difference(run: RunFolder, rnngan: Rnngan) -> None:
    rewrite(run, arithmetics=[other_processor()], d_loss=1.01)
    code, found, _ = verify(run, rnngan)
    assert code == 3
    assert any("step 2: losses differ by 0.01 of their size" in line for line in found["differences"])


@able
def test_scores_beyond_the_spread_of_seeds_are_a_difference(run: RunFolder, rnngan: Rnngan) -> None:
    """All seeds but the one trained again are another's: each score is ten times what it was."""
    for folder in SweepFolder(run.path.parent.parent).runs():
        rewrite(folder, arithmetics=[other_processor()], score=10.0)
    code, found, _ = verify(run, rnngan)
    assert code == 3
    assert any("outside the spread of seeds: " in line for line in found["differences"])


@able
def test_scores_of_another_process_are_not_held_against_it(run: RunFolder, rnngan: Rnngan) -> None:
    """As those of `evaluate`, which computes native bits, for a run that was trained with portable ones."""
    rewrite(run, score=1 + 1e-9, computed_by="native-012345")
    code, found, err = verify(run, rnngan)
    assert (code, found["differences"], err) == (0, [], "")
    assert any("scores.json not compared: the run was scored with native-012345" in line for line in found["notes"])
    rewrite(run, score=1 + 1e-9, computed_by=run.provenance().arithmetic[0].name)
    code, found, _ = verify(run, rnngan)
    assert code == 3 and found["differences"][0].startswith("scores.json differs: ")


@able
def test_the_same_bits_must_be_the_same(run: RunFolder, rnngan: Rnngan) -> None:
    rewrite(run, d_loss=1 + 1e-7)
    code, found, _ = verify(run, rnngan)
    assert code == 3
    assert found["differences"] == ["history.csv differs from step 2 on"] and not found["rounding"]


@able
def test_a_run_of_unknown_origin_cannot_be_compared_to_the_bit(run: RunFolder, rnngan: Rnngan) -> None:
    """As runs made before the arithmetic was recorded."""
    rewrite(run, arithmetics=[], d_loss=1 + 1e-7)
    code, found, _ = verify(run, rnngan)
    assert code == 6
    assert any("the processor that it was trained on was not recorded" in line for line in found["notes"])


@able
def test_a_run_that_moved_is_told(run: RunFolder, rnngan: Rnngan) -> None:
    rewrite(run, arithmetics=[other_processor(), arithmetic.current()], d_loss=1 + 1e-7)
    code, found, _ = verify(run, rnngan)
    assert code == 6
    assert any("it was trained with the bits of Another Processor 9000" in line for line in found["notes"])
    sweep = run.path.parent.parent
    rnngan("verify", sweep, "--rebuild")
    code, out, _ = rnngan("verify", sweep)
    assert code == 0 and "1 of 4 runs were computed with bits of several kinds, one after another" in out
    _, out, _ = rnngan("compare", sweep)
    assert "Runs were computed with several kinds of bits" in out


def test_a_failure_is_told(run: RunFolder, rnngan: Rnngan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    code, _, err = rnngan("verify", "--reproduce", run.path)
    assert code == 2 and "training again failed: " in err


def test_another_seed_lies_among_the_seeds_as_often_as_it_says() -> None:
    """Coverage of the prediction interval, with normal scores of five seeds; worked out by simulation."""
    draws = np.random.default_rng(0).normal(size=(20_000, 6))
    inside = np.array([agreement.lies_among(row[0], row[1:].tolist(), [row[1:].tolist()]) for row in draws]).mean()
    error = 4 * np.sqrt(0.001 * 0.999 / len(draws))
    assert abs(float(inside) - agreement.CONFIDENCE) < error
    half = stats.t.ppf(0.9995, 2) * np.std([1.0, 2.0, 3.0], ddof=1) * np.sqrt(4 / 3)
    assert agreement.lies_among(2 + half * 0.999, [1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]])
    assert not agreement.lies_among(2 + half * 1.001, [1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]])


def test_seeds_that_lie_close_together_by_chance_are_held_against_all() -> None:
    """Of three seeds: the pooled deviation is the root of (0 + 2 + 2) / 6, by hand; t has 6 degrees of freedom."""
    close, wide = [2.0, 2.0, 2.0], [[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]]
    half = stats.t.ppf(0.9995, 6) * np.sqrt(4 / 6) * np.sqrt(4 / 3)
    assert agreement.lies_among(2 + 0.999 * half, close, [close, *wide])
    assert not agreement.lies_among(2 + 1.001 * half, close, [close, *wide])
    assert agreement.lies_among(2.0, close, [close]) and not agreement.lies_among(2.1, close, [close])
    assert agreement.lies_among(2.0, [2.0], [[2.0]]) is agreement.lies_among(2.0, [], wide) is None


def test_the_first_row_is_held_against_rounding_on_this_machine(run: RunFolder, tmp_path: Path) -> None:
    """Ten times the difference of two kinds of bits here, and 1e-4 in any case."""
    other = RunFolder(Path(shutil.copytree(run.path, tmp_path / "runs" / run.path.name)))
    for folder, loss in ((run, 2.0), (other, 2.002)):
        folder.write_history([(100, {"d_loss": loss, "g_loss": 1.0})])
        folder.end("done", 100)
    for row, agrees in (((100, 2.0023), True), ((100, 2.0020001), False), ((40, 2.0023), False)):
        bits = (row[0], {"d_loss": row[1], "g_loss": 1.0})
        found = agreement.find_agreement(run, other, bits)
        assert any(line.startswith("history.csv, step 100") for line in found.agreements) is agrees
        assert any(line.startswith("history.csv, step 100") for line in found.differences) is not agrees
    assert agreement.find_agreement(run, other).differences
