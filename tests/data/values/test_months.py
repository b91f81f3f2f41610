"""Months by their names in several languages, and tables with a year in each row."""

import math
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.tables import raw_of, refusal, write

LONG = {
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "French, short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "German, short": "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sep. Okt. Nov. Dez.",
    "Spanish, short": "ene feb mar abr may jun jul ago sep oct nov dic",
}
WRITTEN = ["{day} {month} {year}", "{day}. {month} {year}", "{day} de {month} de {year}"]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("names", LONG.values(), ids=LONG)
def test_days_with_names_of_months(names: str, written: str, tmp_path: Path) -> None:
    months, days = names.split(), [date(2023, 11, 20) + timedelta(step) for step in range(400)]
    cells = [written.format(day=day.day, month=months[day.month - 1], year=day.year) for day in days]
    raw = raw_of(write(tmp_path, ["d;v", *(f"{cell};{step % 7}.5" for step, cell in enumerate(cells))]))
    assert raw.feature_names == ("v",) and raw.spacing == 86400 and not raw.breaks[0].size


def test_months_without_days(tmp_path: Path) -> None:
    months = LONG["German"].split()
    lines = [f"{months[step % 12]} {1990 + step // 12};{step % 7},5" for step in range(300)]
    raw = raw_of(write(tmp_path, ["Monat;Wert", *lines]))
    assert raw.feature_names == ("Wert",) and not raw.breaks[0].size


def test_words_that_are_no_months_are_no_dates(tmp_path: Path) -> None:
    lines = [f"1 abcember {2000 + step};{step % 7}" for step in range(300)]
    assert "column `d` is not numeric" in refusal(write(tmp_path, ["d;v", *lines]))


def by_year(head: str, first: int = 1900, step: int = 1) -> list[str]:
    """Lines of sixty years with a value for each month, and their mean."""
    lines = [head] if head else []
    for year in range(60):
        values = [round(100 + 9 * math.sin((12 * year + month) / 5), 1) for month in range(12)]
        mean = [f"{sum(values) / 12:.2f}"] if head.endswith("Annual") else []
        lines.append(",".join([str(first + step * year), *map(str, values), *mean]))
    return lines


MONTHS = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"


@pytest.mark.parametrize(
    "head", [f"Year,{MONTHS}", f"YEAR,{MONTHS.upper()},Annual", f"Jahr,{','.join(LONG['German'].split())}", ""]
)
def test_a_year_in_each_row_is_a_record_of_months(head: str, tmp_path: Path) -> None:
    raw = raw_of(write(tmp_path, by_year(head)))
    assert raw.record and raw.feature_names == ("value",) and not raw.breaks[0].size
    assert raw.series[0][:, 0].tolist() == [round(100 + 9 * math.sin(month / 5), 1) for month in range(720)]
    assert any("each row is a year of twelve months" in note for note in raw.notes)
    assert any("left out: `Annual`" in note for note in raw.notes) == head.endswith("Annual")
    assert [column.name for column in raw.table] == ["month", "value"]


def test_a_missing_month_is_told_with_its_line(tmp_path: Path) -> None:
    lines = by_year(f"Year,{MONTHS}")
    lines[31] = lines[31].rpartition(",")[0] + ","
    assert "1 missing or infinite value, the first in column `value`, row 372 (line 32)" in refusal(
        write(tmp_path, lines), window=24
    )


@pytest.mark.parametrize(
    ("lines", "fields", "features"),
    [
        (by_year(f"Year,{MONTHS}"), {"layout": "long"}, 12),
        (by_year(f"Year,{MONTHS}"), {"columns": ("Jan", "Jul")}, 2),
        (by_year(f"Year,{MONTHS}", step=2), {}, 12),
        (by_year(f"Shop,{MONTHS}", first=100), {}, 12),
    ],
    ids=["as the user says", "columns of the user", "every other year", "no years"],
)
def test_other_tables_keep_their_rows(
    lines: list[str], fields: dict[str, object], features: int, tmp_path: Path
) -> None:
    raw = raw_of(write(tmp_path, lines), **fields)
    assert len(raw.feature_names) == features and len(raw.series[0]) == 60
