"""Flags behind numbers, as offices of statistics and authors of tables write them."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.tables import raw_of, refusal, write

STEPS = 200
VALUES = [round(5 + 3 * np.sin(step / 9), 1) for step in range(STEPS)]


def flagged(*flags: str) -> list[str]:
    """Lines of a table of two columns; every fifth number of the second has one of the flags behind it."""
    words = [f"{value}{flags[step % len(flags)] if step % 5 == 2 else ''}" for step, value in enumerate(VALUES)]
    return ["step;v", *(f"{step * step};{word}" for step, word in enumerate(words))]


@pytest.mark.parametrize(
    "flags",
    [(" p",), (" p", " e", " bp"), ("*",), ("**", "*"), ("†",), ("[1]", "[a]"), (" (p)", "(r)"), (" b",)],
    ids=" ".join,
)
def test_they_are_left_out_and_counted(tmp_path: Path, flags: tuple[str, ...]) -> None:
    raw = raw_of(write(tmp_path, flagged(*flags)))
    assert raw.series[0][:, 1].tolist() == VALUES
    (note,) = [note for note in raw.notes if "flags" in note]
    assert note.startswith("`v`: flags behind numbers are left out: `")
    counts = [int(part.split(")")[0]) for part in note.split(" (")[1:] if part[0].isdigit()]
    assert sum(counts) == sum(step % 5 == 2 for step in range(STEPS))
    assert all(f"`{flag.strip()}` (" in note for flag in flags)


def test_they_do_not_hide_a_decimal_comma(tmp_path: Path) -> None:
    raw = raw_of(write(tmp_path, [line.replace(".", ",") for line in flagged(" p", " e")]))
    assert raw.series[0][:, 1].tolist() == VALUES


@pytest.mark.parametrize(("values", "factor"), [(VALUES, 1.0), ([round(1e6 * value) for value in VALUES], 1e9)])
def test_a_b_counts_billions_where_other_numbers_are_so_large(
    tmp_path: Path, values: list[float], factor: float
) -> None:
    """Eurostat's `b` is a break in the series; `3.1 B`, beside 3100000 and the like, are billions."""
    lines = ["step;v", *(f"{step * step};{value}" for step, value in enumerate(values))]
    lines[3] = "4;3.1 b"
    raw = raw_of(write(tmp_path, lines))
    assert raw.series[0][2, 1] == pytest.approx(3.1 * factor)


@pytest.mark.parametrize(("unit", "other"), [(" m", " cm"), (" kg", " g"), (" h", " s"), (" C", " F")])
def test_units_that_differ_are_no_flags(tmp_path: Path, unit: str, other: str) -> None:
    message = refusal(write(tmp_path, flagged(unit, other)))
    assert "column `v` is not numeric" in message


def test_a_colon_with_a_flag_is_a_missing_value(tmp_path: Path) -> None:
    lines = flagged(" p")
    lines[11], lines[31] = "100;: c", "900;:u"
    raw = raw_of(write(tmp_path, lines), missing="interpolate")
    assert any("2 missing" in note for note in raw.notes)
    assert raw.series[0][10, 1] == pytest.approx((VALUES[9] + VALUES[11]) / 2, abs=0.051)


def eurostat(marks: dict[tuple[int, int], str]) -> list[str]:
    """Lines as Eurostat writes them: a key, and years behind it; cells of (row, year) are what `marks` says."""
    draws = np.random.default_rng(0).uniform(3, 9, (30, 34))
    lines = ["freq,unit,geo\\TIME_PERIOD\t" + "\t".join(f"{1990 + year} " for year in range(34))]
    for row in range(30):
        cells = [marks.get((row, year), f"{draws[row, year]:.1f} ") for year in range(34)]
        lines.append("\t".join([f"A,PC,G{row}", *cells]))
    return lines


def test_a_table_of_eurostat_is_one_series_a_row_however_rough(tmp_path: Path) -> None:
    path = write(tmp_path, eurostat({(3, 5): "4.5 p", (7, 9): "5.5 e", (8, 9): "6.5 e"}), "lfsi.tsv")
    raw = raw_of(path)
    assert len(raw.series) == 30 and {len(series) for series in raw.series} == {34}
    assert raw.series[3][5, 0] == 4.5 and raw.series[8][9, 0] == 6.5
    assert "`value`: flags behind numbers are left out: `e` (2), `p` (1)" in raw.notes


def test_a_value_far_from_the_others_is_told_with_its_column_and_row(tmp_path: Path) -> None:
    """A mark of missing values spoils a table with one series a row as any other."""
    path = write(tmp_path, eurostat({(row, 4): "-9999" for row in range(2, 12)}), "lfsi.tsv")
    (note,) = [note for note in raw_of(path).notes if "far from" in note]
    assert "-9999 occurs 10 times" in note and "--missing-marks -9999" in note.replace("'", "").replace("=", " ")
    one = raw_of(write(tmp_path, eurostat({(4, 2): "88888888"}), "one.tsv"))
    (note,) = [note for note in one.notes if "far from" in note]
    assert "the first 8.88889e+07 in column `1992`, row 5 (line 6)" in note
