"""LaTeX tables, read by a small parser of their own: every row has its columns, every number is the leaderboard's."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.errors import UserError
from rnngan_cli.results.derived import read_tables
from rnngan_cli.results.exports import export
from rnngan_cli.results.exports.latex import escaped, shown_best
from rnngan_cli.results.leaderboard_text import second_scores, shown_scores
from rnngan_cli.store import SweepFolder
from tests.support.places import ROOT
from tests.support.sweeps import copy_published

KNOWN = {
    "begin", "end", "centering", "footnotesize", "setlength", "tabcolsep", "caption", "label", "toprule", "midrule",
    "bottomrule", "par", "smallskip", "linewidth", "shortstack", "textit", "texttt", "mathbf", "scriptstyle", "pm",
    "ref",
}  # fmt: skip
"""Commands of LaTeX itself and, the three rules, of booktabs."""


def copied(tmp_path: Path, name: str = "before-recipe") -> SweepFolder:
    return copy_published(name, tmp_path / name)


def split(text: str, mark: str) -> list[str]:
    """Text cut at a mark that stands in no braces and is not escaped."""
    parts, depth, place, begun = [], 0, 0, 0
    while place < len(text):
        if depth == 0 and text.startswith(mark, place):
            parts.append(text[begun:place])
            begun = place = place + len(mark)
            continue
        step = 2 if text[place] == "\\" else 1
        depth += (text[place] == "{") - (text[place] == "}")
        assert depth >= 0, f"a brace too many in {text[max(0, place - 40) : place + 1]}"
        place += step
    assert depth == 0, f"a brace is not closed in {text[:80]}"
    return [*parts, text[begun:]]


def tables(text: str) -> dict[str, dict[str, Any]]:
    """Every float by its label: caption, titles, rows as lists of cells, note."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    split(body, "\0")  # braces of the whole balance
    found = {}
    for part in re.findall(r"\\begin\{table\}\[tbp\](.*?)\\end\{table\}", body, re.DOTALL):
        tabular = re.search(r"\\begin\{tabular\}\{@\{\}(lr*)@\{\}\}(.*?)\\end\{tabular\}", part, re.DOTALL)
        assert tabular is not None
        spec, inside = tabular.groups()
        rows = [
            [cell.strip() for cell in split(row, "&")]
            for row in split(re.sub(r"\\(top|mid|bottom)rule", "", inside), r"\\")
        ]
        assert rows.pop() == [""]  # every row ends in \\
        assert {len(row) for row in rows} == {len(spec)}
        label = re.search(r"\\label\{(tab:[A-Za-z0-9-]+)\}", part)
        note = re.search(r"\\begin\{minipage\}\{\\linewidth\}(.*)\\end\{minipage\}", part, re.DOTALL)
        assert label is not None and note is not None
        assert label[1] not in found
        found[label[1]] = {
            "titles": rows[0],
            "rows": {row[0]: row for row in rows[1:]},
            "note": note[1],
            "rules": inside,
        }
    return found


def numbers(cell: str) -> tuple[float, float]:
    """Mean and half-width of a cell; NaN for what is not there."""
    if cell == "--":
        return np.nan, np.nan
    match = re.fullmatch(r"\$(?:\\mathbf\{)?(-?\d+\.\d{3})\}?(?: \{\\scriptstyle\\pm (\d+\.\d{3})\})?\$", cell)
    assert match is not None, cell
    return float(match[1]), float(match[2]) if match[2] else np.nan


@pytest.mark.parametrize("name", ["before-recipe", "digits-codes", "adam-vs-sgd"])
def test_every_number_is_the_leaderboards(tmp_path: Path, name: str) -> None:
    sweep = copied(tmp_path, name)
    (done,) = export(sweep.path, "latex")
    text = done.target.read_text(encoding="utf-8")
    assert set(re.findall(r"\\([A-Za-z]+)", re.sub(r"\\\\", " ", text))) <= KNOWN | {"usepackage"}
    found, (_, leaderboard, _) = tables(text), read_tables(sweep)
    compared = 0
    for (dataset, cell), rows in leaderboard.groupby(["dataset", "cell"]):
        label = f"tab:{name}-{dataset}-{re.sub('[^A-Za-z0-9]+', '-', str(cell))}"
        for names, table, skip in (
            (shown_scores(leaderboard), found.pop(label), 3),
            (second_scores(leaderboard), found.pop(f"{label}-coverage"), 1),
        ):
            assert len(table["titles"]) == skip + len(names) and len(table["rows"]) == len(rows)
            assert (table["rules"].count("\\toprule"), table["rules"].count("\\bottomrule")) == (1, 1)
            assert table["rules"].count("\\midrule") == rows["kind"].nunique()
            for row in rows.to_dict("records"):
                loss = escaped(str(row["loss"]))
                cells = table["rows"][loss if row["kind"] == "loss" else f"\\textit{{{loss}}}"]
                for score, word in zip(names, cells[skip:], strict=True):
                    mean, half = numbers(word)
                    assert mean == pytest.approx(row[f"{score}_mean"], abs=5.001e-4, nan_ok=True)
                    assert half == pytest.approx(row[f"{score}_high"] - row[f"{score}_mean"], abs=5.001e-4, nan_ok=True)
                    compared += 1
                if skip == 3 and row["kind"] == "loss":
                    assert cells[1:3] == [str(row["num_seeds"]), str(row["num_diverged"])]
    assert not found and compared > 40


def test_the_note_says_what_the_interval_is_and_names_the_protocol(tmp_path: Path) -> None:
    (done,) = export(copied(tmp_path).path, "latex", tmp_path / "paper.tex")
    table = tables(done.target.read_text(encoding="utf-8"))["tab:before-recipe-sines-gru"]
    assert r"half the width of the 95 \% interval (Student t over seeds)" in table["note"]
    assert "Scored by the protocol standard." in table["note"]
    assert r"\texttt{rnngan compare}" in table["note"] and "Coverage" not in table["note"]
    assert "usepackage{booktabs}" in done.target.read_text(encoding="utf-8")


def test_nothing_is_bold_where_no_difference_is_shown(tmp_path: Path) -> None:
    """Three seeds a loss: none can be ruled out, however far the means lie apart."""
    (done,) = export(copied(tmp_path).path, "latex")
    text = done.target.read_text(encoding="utf-8")
    assert "mathbf" not in text and "Bold" not in text
    assert text.count("No loss is the only one that may be the best") == 4
    assert text.count("By sliced Wasserstein distance, any of the 10 may be the best: 3 seeds cannot rule") == 2


def runs_of(**scores: list[float]) -> pd.DataFrame:
    rows = [
        {"dataset": "sines", "cell": "gru", "loss": loss, "seed": seed, "status": "done", "mmd2": value}
        for loss, values in scores.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_bold_is_what_is_shown_to_be_better_than_all_others() -> None:
    """Five against five without overlap: p = 2 / 252 = 0.0079; times three pairs 0.024, below 0.05."""
    low, middle, high = ([base + seed / 100 for seed in range(5)] for base in (0.1, 0.3, 0.5))
    best = {("sines", "gru", "bce", "mmd2")}
    assert set(shown_best(runs_of(bce=low, mse=middle, wgan=high), ["mmd2"])) == best
    assert set(shown_best(runs_of(bce=low, mse=low, wgan=high), ["mmd2"])) == set()  # two share the first place
    assert set(shown_best(runs_of(bce=low[:3], mse=middle[:3], wgan=high[:3]), ["mmd2"])) == set()  # too few seeds
    assert set(shown_best(runs_of(bce=low), ["mmd2"])) == set()  # alone


def test_diverged_seeds_are_shown_with_their_total(tmp_path: Path) -> None:
    sweep = copied(tmp_path)
    folder = next(folder for folder in sweep.runs() if folder.path.name.startswith("bce-gru-sines-s0"))
    folder.remove_manifest()
    (folder.path / "scores.json").unlink()
    folder.write_status("diverged", 400, reason="d_loss is not finite")
    (done,) = export(sweep.path, "latex")
    rows = tables(done.target.read_text(encoding="utf-8"))["tab:before-recipe-sines-gru"]["rows"]
    assert rows["bce"][2].startswith("1 of 3 [0.01, 0.9")


def test_nothing_in_a_text_is_a_command() -> None:
    assert escaped("\\input{x} & 5% $a_b^c$ #1 ~") == (
        r"\textbackslash{}input\{x\} \& 5\% \$a\_b\textasciicircum{}c\$ \#1 \textasciitilde{}"
    )
    assert escaped("a\nb\x1b") == r"a\textbackslash{}nb\textbackslash{}x1b"
    assert "_" not in re.sub(r"\\_", "", escaped("learning_rate=0.3/0.003"))


def test_another_suffix_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected a name that ends in \.tex"):
        export(ROOT / "results" / "before-recipe", "latex", tmp_path / "table.txt")
