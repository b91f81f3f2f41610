"""Forms of real files: each is read right, or with a note that names the doubt, or refused with advice that works."""

import re
import shlex
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.config import DataConfig, split_names
from rnngan_cli.data.files import load_file
from rnngan_cli.data.source import Raw
from rnngan_cli.data.times.calendars import from_calendar
from rnngan_cli.data.values.dates import parse_dates
from rnngan_cli.errors import UserError

FIELD = Path(__file__).parents[1] / "field"


def read(name: str, **fields: object) -> Raw:
    return load_file(DataConfig.model_validate({"file": str(FIELD / name), **fields}))


def notes(raw: Raw) -> str:
    return "\n".join(raw.notes)


def refusal(name: str, **fields: object) -> str:
    with pytest.raises(UserError) as caught:
        read(name, **fields)
    return str(caught.value)


def advised(message: str, option: str) -> dict[str, object]:
    """The fields that a message advises to set by an option, as a user types it."""
    found = re.search(rf"`(--{option} [^`]+)`", message)
    assert found is not None, message
    flag, value = shlex.split(found.group(1))
    field = flag.removeprefix("--").replace("-", "_")
    return {field: split_names(value) if field in ("missing_marks", "columns") else value}


# Dates


@pytest.mark.parametrize("name", ["air_notail.csv", "air.csv"])
def test_semicolons_decimal_commas_and_days_first(name: str) -> None:
    raw = read(name)
    assert raw.record and raw.series[0].shape == (300, 6)
    assert raw.feature_names == ("CO(GT)", "PT08.S1(CO)", "NOx(GT)", "T", "RH", "AH")
    expected = {"air_notail.csv": [2.2, 1226, 166, 13, 47.8, 0.6914], "air.csv": [2.0, 1202, 144, 13, 43.5, 0.6773]}
    assert raw.series[0][0].tolist() == expected[name]
    times = [(column.name, column.time_format) for column in raw.table if column.role == "time"]
    assert times == [("Date", "%d/%m/%Y"), ("Time", "%H.%M.%S")]
    assert raw.spacing == 3600


def test_days_of_twelve_or_less_follow_the_order_of_the_file() -> None:
    raw = read("air_feb.csv", time_column="Date", columns=["NOx(GT)"])
    assert raw.series[0][:, 0].tolist() == list(range(576))  # in the order of the file
    assert "01/02/2011 is read with the day first (`%d/%m/%Y`): so the file's own order ascends" in notes(raw)
    other = read("air_feb.csv", columns=["NOx(GT)"], **advised(notes(raw), "time-format"))
    assert other.series[0][:, 0].tolist() != list(range(576))


def test_times_of_one_clock_with_and_without_a_fraction() -> None:
    raw = read("micro.csv")
    assert raw.series[0].shape == (400, 1) and raw.spacing == 0.5


def test_the_newest_first() -> None:
    raw = read("investing.csv")
    assert raw.feature_names == ("Price", "Open", "Vol.", "Change %")
    assert "rows sorted by `Date` (the newest came first)" in notes(raw)
    assert raw.series[0][-1].tolist() == [7000.5, 7100.0, 600_000.0, -2.07]


def test_a_gap_ends_windows_and_dropped_rows_do() -> None:
    raw = read("gap.csv", missing="drop")
    assert [list(found) for found in raw.breaks] == [[100]]
    assert "1 gap in time, the longest of 3.417 days: windows end there" in notes(raw)


# Many series under each other


@pytest.mark.parametrize(
    ("name", "fields", "times", "column", "shape"),
    [
        ("walmart.csv", {}, 10, "Store", (60, 3)),
        ("panel.csv", {"time_column": "timestamp"}, 12, "sensor_id", (40, 1)),
        ("panel.csv", {}, 12, "sensor_id", (40, 1)),
    ],
)
def test_repeated_times_are_counted_and_the_id_is_named(
    name: str, fields: dict[str, object], times: int, column: str, shape: tuple[int, int]
) -> None:
    message = refusal(name, **fields)
    assert f"every time occurs {times} times" in message and f"`{column}`" in message
    raw = read(name, **fields, **advised(message, "id-column"))
    assert len(raw.series) == times and raw.series[0].shape == shape
    assert column not in raw.feature_names


@pytest.mark.parametrize(("name", "column"), [("act_none.csv", "subject"), ("iso.csv", "country")])
def test_words_in_blocks_are_asked_for(name: str, column: str) -> None:
    message = refusal(name)
    assert f"`{column}`" in message and "in blocks" in message
    raw = read(name, **advised(message, "id-column"))
    assert len(raw.series) == {"subject": 30, "country": 6}[column]


def test_none_is_a_class_and_na_a_country() -> None:
    raw = read("act_none.csv", id_column="subject", label_column="activity")
    assert raw.label_names == ("None", "Run", "Walk") and len(raw.series) == 30
    assert "NA" in read("iso.csv", id_column="country").ids


def test_our_own_files_are_read_back() -> None:
    raw = read("own_generated.csv")
    assert raw.series[0].shape[0] == 12 and not raw.record
    assert "step" not in raw.feature_names and "series" not in raw.feature_names
    assert "`series` and `step` number the series and steps of generated series" in notes(raw)


def test_classes_written_as_decimals_are_whole_and_in_numeric_order() -> None:
    raw = read("floatclass12.csv", id_column="id", label_column="class")
    assert raw.label_names == tuple(str(number) for number in range(1, 13))


# Columns that are no features


def test_counting_and_calendar_columns() -> None:
    raw = read("beijing.csv", label_column="cbwd", missing="interpolate")
    assert raw.feature_names == ("pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir")
    assert "`No` counts rows (1 to 300) and is left out" in notes(raw)
    assert "`year`, `month`, `day`, `hour` are the time" in notes(raw)
    assert raw.spacing == 3600 and raw.label_names == ("NE", "NW", "SE", "cv")
    listed = read("beijing.csv", columns=["No", "pm2.5"], missing="interpolate")
    assert listed.feature_names == ("No", "pm2.5")


@pytest.mark.parametrize("name", ["unnamed0.csv", "stock.csv.gz"])
def test_an_index_of_pandas(name: str) -> None:
    raw = read(name)
    assert raw.feature_names == ("Open", "Close", "Volume")
    assert "`Unnamed: 0` counts rows (0 to 299) and is left out" in notes(raw)


# Layouts


def test_one_series_a_row() -> None:
    for name, fields in (("wide_years.csv", {"id_column": "unit"}), ("wide_header.csv", {"label_column": "class"})):
        raw = read(name, **fields)
        assert len(raw.series) == 60 and raw.series[0].shape == (24, 1)
        assert "one series a row" in notes(raw)
        long = read(name, **fields, layout="long") if name == "wide_header.csv" else None
        assert long is None or long.series[0].shape == (60, 24)
    assert raw.label_names == ("1", "2")


def test_the_form_of_the_ucr_archive_under_another_name() -> None:
    raw = read("ucr_renamed.csv")
    assert len(raw.series) == 60 and raw.series[0].shape == (24, 1) and raw.label_names == ("1", "2")
    assert raw.series[0][0, 0] == -0.0266477
    assert "line 1 looks like data" in notes(raw) and "`--layout long`" in notes(raw)


@pytest.mark.parametrize(("name", "rows", "first"), [("btp.csv", 400, [0.5]), ("headless_date.csv", 300, [20.0, 6.0])])
def test_without_a_header_no_row_is_lost(name: str, rows: int, first: list[float]) -> None:
    raw = read(name)
    assert raw.series[0].shape == (rows, len(first)) and raw.series[0][0].tolist() == first
    assert "line 1 looks like data" in notes(raw) and "`--header`" in notes(raw)


def test_words_without_a_header() -> None:
    raw = read("headless_label.csv")
    assert raw.series[0].shape == (300, 3) and raw.columns[2].words == ("A", "B")
    assert "`column_3` is trained on as a category of 2 values" in notes(raw)
    labelled = read("headless_label.csv", **advised(notes(raw), "label-column"))
    assert labelled.label_names == ("A", "B")


# Numbers


def test_thousands_are_thousands() -> None:
    raw = read("thousands.csv")
    prices = raw.series[0][:, 0]
    assert prices[0] == 974 and prices.min() > 500 and prices.max() > 1000


def test_forms_of_columns() -> None:
    forms = {column.name: column.form for column in read("mixed.csv").columns}
    assert forms == {
        "steps": "whole", "awake": "boolean", "stage": "whole", "hr": "decimal", "const": "constant",
        "huge": "decimal", "tiny": "decimal",
    }  # fmt: skip


def test_marks_of_missing_values() -> None:
    fields: dict[str, object] = {"time_column": "Date", "columns": ["Global_active_power", "Voltage"]}
    assert "use `--missing drop` or `--missing interpolate`" in refusal("power.csv", **fields)
    raw = read("power.csv", **fields, missing="interpolate")
    assert raw.series[0].shape == (300, 2) and raw.series[0][0].tolist() == [4.0, 233.96]
    assert "12 missing or infinite values interpolated" in notes(raw)


@pytest.mark.parametrize("name", ["air_point.csv", "air_notail.csv"])
def test_a_far_value_that_is_frequent(name: str) -> None:
    told = notes(read(name))
    assert "`CO(GT)`: -200 occurs 13 times, far from all other values" in told
    marked = read(name, missing="interpolate", **advised(told, "missing-marks"))
    assert marked.series[0][:, 0].min() > 0
    assert "13 missing or infinite values interpolated" in notes(marked)


def test_infinite_values() -> None:
    assert "16 missing or infinite values, the first in column `b`, row 4 (line 5)" in refusal("inf.csv")
    assert np.isfinite(read("inf.csv", missing="interpolate").series[0]).all()


def test_one_value_in_the_whole_file_is_refused_before_training() -> None:
    raw = read("allconst.csv")
    assert [column.form for column in raw.columns] == ["constant", "constant"]


# Text


@pytest.mark.parametrize(
    ("name", "names", "first"),
    [
        ("latin1.csv", ("Leistung [kW]", "Außentemp °C"), [10, 21]),
        ("utf16.csv", ("Leistung [kW]", "Temp"), [10, 21]),
        ("commahead.csv", ("Leistung, kW", "Temp"), [10, 21]),
        ("pipe.csv", ("a", "b", "c"), [0, 0, 0]),
        ("space.csv", ("a", "b", "c"), [0, 0, 0]),
        ("comment.csv", ("a", "b"), [0, 0]),
        ("trail_noheader.csv", ("a", "b", "c"), [0, 0, 0]),
        ("units.csv", ("temp", "flow"), [20, 6]),
        ("names.csv", ("step", "label", "value"), [0, 0, 0]),
    ],
)
def test_dialects(name: str, names: tuple[str, ...], first: list[float]) -> None:
    raw = read(name)
    assert raw.feature_names == names
    assert raw.series[0][0].tolist() == first
    assert len(raw.series[0]) == {"names.csv": 400}.get(name, 300)


# Of the same kinds


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("hours", [range(24), range(1, 25)])
def test_days_with_hours_in_a_column_of_numbers(tmp_path: Path, hours: range) -> None:
    rows = "".join(f"2011-01-{day:02d},{hour},{day * hour}\n" for day in range(1, 20) for hour in hours)
    raw = load_file(DataConfig(file=str(write(tmp_path, f"dteday,hr,cnt\n{rows}"))))
    assert raw.feature_names == ("cnt",) and raw.spacing == 3600 and not raw.breaks[0].size
    named = DataConfig(file=str(tmp_path / "mine.csv"), time_column=("dteday", "hr"))
    assert load_file(named).spacing == 3600


def test_times_of_day_that_are_numbers_too(tmp_path: Path) -> None:
    """18.00 is a time where the column is called so."""
    rows = "".join(f"{1 + step // 24:02d}/03/2024;{step % 24:02d}.00;{step % 5},5\n" for step in range(400))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"Date;Time;x\n{rows}"))))
    assert raw.feature_names == ("x",) and raw.spacing == 3600


@pytest.mark.parametrize(("unit", "form"), [(1, "seconds since 1970"), (1000, "milliseconds since 1970")])
def test_seconds_since_1970(tmp_path: Path, unit: int, form: str) -> None:
    rows = "".join(f"{(1609459200 + 900 * step) * unit},{step % 7}\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"timestamp,v\n{rows}"))))
    assert raw.feature_names == ("v",) and raw.spacing == 900 and raw.table[0].time_format == form


def test_quarters(tmp_path: Path) -> None:
    rows = "".join(f"{1920 + step // 4}Q{step % 4 + 1},{step % 7}.5\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"q,v\n{rows}"))))
    assert raw.feature_names == ("v",) and raw.table[0].time_format == "%YQ%q" and not raw.breaks[0].size


@pytest.mark.parametrize("written", ["%G-W%V", "%GW%V"])
def test_weeks_begin_on_mondays(tmp_path: Path, written: str) -> None:
    mondays = np.datetime64("2019-12-30") + 7 * np.arange(300)  # of 2020-W01, and of two years with 53 weeks
    rows = "".join(f"{monday.astype(date):{written}},{step % 7}.5\n" for step, monday in enumerate(mondays))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"week,v\n{rows}"))))
    assert raw.feature_names == ("v",) and raw.table[0].time_format == written
    assert raw.spacing == 7 * 86400 and not raw.breaks[0].size
    parsed = parse_dates("week", pd.Series(["2020-W53"]), np.array([False]), "%G-W%V")
    assert parsed is not None and parsed.stamps[0] == np.datetime64("2020-12-28", "ns").astype(np.int64)


def test_times_with_the_name_of_their_zone(tmp_path: Path) -> None:
    moments = np.datetime64("2024-02-28T22:00") + 3600 * np.timedelta64(1, "s") * np.arange(300)
    rows = "".join(f"{str(moment).replace('T', ' ')} UTC,{step % 7}.5\n" for step, moment in enumerate(moments))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"when,v\n{rows}"))))
    assert raw.feature_names == ("v",) and raw.spacing == 3600 and raw.table[0].time_format == "%Y-%m-%d %H:%M:%S %Z"


def test_years_and_days_of_the_year(tmp_path: Path) -> None:
    days = np.datetime64("2020-10-27") + np.arange(300)  # over the end of a leap year
    pairs = [(day.astype(date).year, day.astype(date).timetuple().tm_yday) for day in days]
    rows = "".join(f"{year},{day},{step % 7}.5\n" for step, (year, day) in enumerate(pairs))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"YEAR,DOY,T2M\n{rows}"))))
    assert raw.feature_names == ("T2M",) and raw.spacing == 86400 and not raw.breaks[0].size
    assert [column.time_format for column in raw.table if column.role == "time"] == ["year", "day_of_year"]


def test_a_day_of_the_year_beside_a_month_is_a_feature(tmp_path: Path) -> None:
    days = [(np.datetime64("2020-10-27") + step).astype(date) for step in range(300)]
    rows = "".join(f"{day.year},{day.month},{day.day},{day.timetuple().tm_yday},{day.day % 7}.5\n" for day in days)
    raw = load_file(DataConfig(file=str(write(tmp_path, f"year,month,day,doy,v\n{rows}"))))
    assert raw.feature_names == ("doy", "v") and raw.spacing == 86400


@pytest.mark.parametrize("pair", [(2021, 366), (2021, 0)])
def test_days_that_their_year_lacks_are_no_time(pair: tuple[int, int]) -> None:
    year, day = (np.array([float(value)]) for value in pair)
    assert from_calendar({"year": year, "day_of_year": day}) is None
    assert from_calendar({"year": year, "day_of_year": np.array([365.0])}) == np.datetime64("2021-12-31", "ns").astype(
        int
    )


def test_buoys_write_months_and_minutes_by_the_same_letters(tmp_path: Path) -> None:
    moments = [np.datetime64("2024-01-31T00:50") + 3600 * np.timedelta64(step, "s") for step in range(300)]
    lines = [
        moment.astype(datetime).strftime("%Y %m %d %H %M ") + f"{step % 7}.5" for step, moment in enumerate(moments)
    ]
    head = "#YY  MM DD hh mm WSPD\n#yr  mo dy hr mn m/s\n"
    raw = load_file(DataConfig(file=str(write(tmp_path, head + "\n".join(lines)).rename(tmp_path / "buoy.txt"))))
    assert raw.feature_names == ("WSPD",) and raw.spacing == 3600
    assert [column.time_format for column in raw.table[:5]] == ["year", "month", "day", "hour", "minute"]


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u2009", " ", "'", "’"])
def test_blanks_of_every_width_separate_thousands(tmp_path: Path, blank: str) -> None:
    rows = "".join(f"{step * step};{1 + step % 3}{blank}234{blank}567,5\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"a;b\n{rows}"))))
    assert raw.series[0][:3, 1].tolist() == [1234567.5, 2234567.5, 3234567.5]


def test_moments_as_numbers_need_no_name(tmp_path: Path) -> None:
    """Prices of a minute as exchanges publish them: no names, and the end of each minute beside its begin."""
    begins = 1_672_531_200_000 + 60_000 * np.arange(300)
    rows = "".join(f"{begin},{step % 7}.5,{begin + 59_999}\n" for step, begin in enumerate(begins))
    raw = load_file(DataConfig(file=str(write(tmp_path, rows))))
    assert raw.feature_names == ("column_2",) and raw.spacing == 60
    assert "`column_3` holds times, too, and is left out" in notes(raw)
    other = load_file(
        DataConfig.model_validate({"file": str(tmp_path / "mine.csv"), **advised(notes(raw), "time-column")})
    )
    assert [column.name for column in other.table if column.role == "time"] == ["column_3"]


@pytest.mark.parametrize("written", ["%Y%m%d %H%M%S", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d%H"])
def test_compact_moments_of_a_table_without_names(tmp_path: Path, written: str) -> None:
    moments = [datetime(2012, 2, 1) + timedelta(hours=step) for step in range(300)]
    rows = "".join(f"{moment:{written}};1.{step % 7};{step % 5}\n" for step, moment in enumerate(moments))
    raw = load_file(DataConfig(file=str(write(tmp_path, rows))))
    assert raw.feature_names == ("column_2", "column_3") and raw.spacing == 3600
    assert raw.table[0].time_format == written


def test_years_and_months_of_a_table_without_names(tmp_path: Path) -> None:
    rows = "".join(f"{1749 + step // 12};{step % 12 + 1:02d};{step % 7}.5;{step % 5}\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, rows))))
    assert raw.feature_names == ("column_3", "column_4")
    assert [column.time_format for column in raw.table if column.role == "time"] == ["year", "month"]


def test_whole_numbers_that_are_no_calendar_are_features(tmp_path: Path) -> None:
    rows = "".join(f"{1800 + step * step % 401};{step % 12 + 1};{step % 7}.5\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, rows))))
    assert len(raw.feature_names) == 3


def test_seconds_beside_a_date_are_left_out(tmp_path: Path) -> None:
    moments = [datetime(2023, 1, 1) + timedelta(hours=step) for step in range(300)]
    rows = "".join(f"{1672531200 + 3600 * step},{at} +0000 UTC,{step % 7}.5\n" for step, at in enumerate(moments))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"dt,dt_iso,temp\n{rows}"))))
    assert raw.feature_names == ("temp",) and raw.spacing == 3600 and "`dt` holds times, too" in notes(raw)


def test_names_below_a_preamble_that_are_years(tmp_path: Path) -> None:
    """The tables of the World Bank: a title, blank lines, then names of which most are years."""
    head = '"Source","Indicators",\n\n"Updated","2024-01-01",\n\n"Country","Code",'
    head += ",".join(f'"{year}"' for year in range(1960, 2000)) + ",\n"
    rows = "".join(
        f'"C{place}","C{place:02d}",' + ",".join(f'"{100 + 7 * place % 31 + year}.5"' for year in range(40)) + ",\n"
        for place in range(60)
    )
    raw = load_file(DataConfig(file=str(write(tmp_path, head + rows))))
    assert len(raw.series) == 60 and raw.series[0].shape == (40, 1) and raw.series[1][:2, 0].tolist() == [107.5, 108.5]


def test_minutes_and_seconds_are_numbers(tmp_path: Path) -> None:
    spent = ["59:59.50", "1:00:00.25", "0:07.00", "12:34.75"]
    rows = "".join(f"{step * step},{spent[step % 4]}\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"a,lap\n{rows}"))))
    assert raw.series[0][:4, 1].tolist() == [3599.5, 3600.25, 7.0, 754.75]
    assert "`lap`: minutes and seconds (hours, where given) are read as seconds" in notes(raw)


def test_a_colon_is_a_missing_value_and_flags_are_no_words(tmp_path: Path) -> None:
    rows = "".join(f"{step * step}\t{':' if step % 9 == 4 else step % 5}\t{step % 4}.5\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"a\tb\tc\n{rows}")), missing="interpolate"))
    assert raw.missing == 33
    flagged = rows.replace(".5\n", ".5 p\n").replace("3.5 p", "3.5 e")
    with pytest.raises(UserError, match=r"`c` is not numeric: .* different units or flags behind them, such as `p`"):
        load_file(DataConfig(file=str(write(tmp_path, f"a\tb\tc\n{flagged}")), missing="interpolate"))


def test_a_first_column_that_counts_down_is_left_out(tmp_path: Path) -> None:
    rows = "".join(f"{300 - step},{step % 7}.5\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"n,v\n{rows}"))))
    assert raw.feature_names == ("v",) and "`n` falls by equal steps (300 to 1) and is left out" in notes(raw)


def test_times_of_day_that_rise_need_no_date(tmp_path: Path) -> None:
    rows = "".join(f"{step // 60:02d}:{step % 60:02d};{step % 7},5\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"Zeit;Leistung\n{rows}"))))
    assert raw.feature_names == ("Leistung",) and raw.spacing == 60


def test_exponents_as_fortran_writes_them(tmp_path: Path) -> None:
    rows = "".join(f"{step * step},{step % 7}.25D{'-' if step % 2 else '+'}01\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"a,v\n{rows}"))))
    assert raw.series[0][:4, 1].tolist() == [2.5, 0.125, 22.5, 0.325]


def test_a_value_beside_which_all_others_are_equal_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{step * step},{'1.0E9' if step == 77 else step % 7}\n" for step in range(300))
    path = write(tmp_path, f"a,v\n{rows}")
    told = notes(load_file(DataConfig(file=str(path))))
    assert "`v`: 1 value far from all others (0 to 6), the first 1e+09 in row 78 (line 79)" in told
    mended = load_file(
        DataConfig.model_validate({"file": str(path), "missing": "interpolate", **advised(told, "missing-marks")})
    )
    assert mended.series[0][77, 1] == 4 and "far from all others" not in notes(mended)  # 3.5, rounded


@pytest.mark.parametrize("name", ["user_id", "ID", "deviceId", "sensor.ids"])
def test_ids_that_alternate_are_asked_for(tmp_path: Path, name: str) -> None:
    rows = "".join(f"{step * 7 % 5},{datetime(2024, 1, 1) + timedelta(hours=step)},{step % 3}\n" for step in range(300))
    path = write(tmp_path, f"{name},at,v\n{rows}")
    with pytest.raises(UserError, match=f"`{name}` is called an id") as caught:
        load_file(DataConfig(file=str(path)))
    raw = load_file(DataConfig.model_validate({"file": str(path), **advised(str(caught.value), "id-column")}))
    assert len(raw.series) == 5


@pytest.mark.parametrize("name", ["humidity", "paid", "grid", "Valid"])
def test_names_that_end_like_an_id_are_measurements(tmp_path: Path, name: str) -> None:
    rows = "".join(f"{step * 7 % 5},{datetime(2024, 1, 1) + timedelta(hours=step)},{step % 3}\n" for step in range(300))
    assert load_file(DataConfig(file=str(write(tmp_path, f"{name},at,v\n{rows}")))).feature_names == (name, "v")


def test_advice_quotes_names_with_blanks(tmp_path: Path) -> None:
    """As pandas writes a stacked table: two columns without names."""
    hours = [datetime(2024, 1, 1) + timedelta(hours=step) for step in range(200)]
    rows = "".join(f"{hour},{word},{hour.hour % 7}\n" for hour in hours for word in "ab")
    path = write(tmp_path, f",,0\n{rows}")
    with pytest.raises(UserError, match="every time occurs 2 times") as caught:
        load_file(DataConfig(file=str(path)))
    raw = load_file(DataConfig.model_validate({"file": str(path), **advised(str(caught.value), "id-column")}))
    assert raw.ids == ("a", "b") and raw.feature_names == ("0",)


def test_a_first_row_with_a_mark_for_a_missing_value_is_no_header(tmp_path: Path) -> None:
    rows = "".join(f"{step * step},{'***' if step % 9 == 0 else step % 5}\n" for step in range(300))
    path = write(tmp_path, f"a,b\n{rows}")
    with pytest.raises(UserError) as caught:
        load_file(DataConfig(file=str(path)))
    assert "`***` in row 1 (line 2); expected numbers; all but 34 cells of 300 are numbers" in str(caught.value)
    given = {"file": str(path), "missing": "interpolate", **advised(str(caught.value), "missing-marks")}
    raw = load_file(DataConfig.model_validate(given))
    assert raw.feature_names == ("a", "b") and raw.missing == 34


def test_pieces_whose_onsets_start_anew_are_asked_for(tmp_path: Path) -> None:
    rows = "".join(f"{piece},{60 + step % 7},{step * 0.75}\n" for piece in range(4) for step in range(40 + piece))
    path = write(tmp_path, f"piece,pitch,onset\n{rows}")
    with pytest.raises(UserError, match="`piece` stays the same over blocks of rows") as caught:
        load_file(DataConfig(file=str(path)))
    raw = load_file(DataConfig.model_validate({"file": str(path), **advised(str(caught.value), "id-column")}))
    assert len(raw.series) == 4


def test_money_with_points_and_commas(tmp_path: Path) -> None:
    amounts = ["1.234,56 €", "-98,70 €", "12.000,00 €"]
    rows = "".join(f"{1 + step % 28:02d}.{1 + step // 28:02d}.24;{amounts[step % 3]}\n" for step in range(300))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"Tag;Betrag\n{rows}"))))
    assert sorted(set(raw.series[0][:, 0].tolist())) == [-98.7, 1234.56, 12000.0]


def test_numbers_of_runs_are_asked_for(tmp_path: Path) -> None:
    rows = "".join(f"{run},{step},{run * step % 7}.5\n" for run in range(20) for step in range(15 + run))
    message = ""
    path = write(tmp_path, f"engine,cycle,x\n{rows}")
    with pytest.raises(UserError) as caught:
        load_file(DataConfig(file=str(path)))
    message = str(caught.value)
    assert "rows of 20 series that `engine` names" in message
    raw = load_file(DataConfig.model_validate({"file": str(path), **advised(message, "id-column")}))
    assert len(raw.series) == 20 and raw.feature_names == ("x",)


def test_business_days_have_no_gaps(tmp_path: Path) -> None:
    days = np.busday_offset("2020-01-01", np.arange(400), roll="forward")
    rows = "".join(f"{day},{100 + step % 9}.5\n" for step, day in enumerate(days))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"Date,Close\n{rows}"))))
    assert not raw.breaks[0].size and "time is uneven: 20% of the steps differ" in notes(raw)


@pytest.mark.parametrize("end", [" - {:%d.%m.%Y %H:%M}", " – {:%d.%m.%Y %H:%M}", " bis {:%d.%m.%Y %H:%M}"])
def test_intervals_begin_at_the_time(tmp_path: Path, end: str) -> None:
    """As markets of electricity write them."""
    hours = [datetime(2023, 1, 1) + timedelta(hours=step) for step in range(300)]
    rows = "".join(
        f"{at:%d.%m.%Y %H:%M}{end.format(at + timedelta(hours=1))};{step % 7}.5;EUR\n" for step, at in enumerate(hours)
    )
    raw = load_file(DataConfig(file=str(write(tmp_path, f"MTU;Price;Currency\n{rows}"))))
    assert raw.feature_names == ("Price", "Currency") and raw.spacing == 3600 and not raw.breaks[0].size
    assert "`MTU` holds intervals, of which the beginning is taken" in notes(raw)


def test_iso_intervals(tmp_path: Path) -> None:
    days = [date(2023, 1, 1) + timedelta(step) for step in range(300)]
    rows = "".join(f"{day}/{day + timedelta(1)},{step % 7}.5\n" for step, day in enumerate(days))
    raw = load_file(DataConfig(file=str(write(tmp_path, f"period,v\n{rows}"))))
    assert raw.feature_names == ("v",) and raw.spacing == 86400


def test_columns_without_values_are_left_out_and_told(tmp_path: Path) -> None:
    """A logger's marks of events, and columns that a scope fills in its first rows alone."""
    rows = "".join(
        f"{step * step},,{'Logged' if step == 299 else ''},{step % 7 if step % 3 else ''}\n" for step in range(300)
    )
    path = write(tmp_path, f"a,empty,events,gaps\n{rows}")
    raw = load_file(DataConfig(file=str(path), missing="interpolate"))
    assert raw.feature_names == ("a", "gaps")
    assert "`empty` has no value and is left out" in notes(raw)
    assert "`events`: 299 of 300 values are missing, so it is left out; `--columns` lists it" in notes(raw)
    with pytest.raises(UserError, match="column `empty` has no value at all"):
        load_file(DataConfig(file=str(path), columns=("a", "empty"), missing="interpolate"))


def test_an_index_behind_columns_without_values_is_none_the_less_found(tmp_path: Path) -> None:
    rows = "".join(f",,{step * 1e-6:.6e},{step % 7}.5\n" for step in range(300))
    head = "Record Length,400,-2e-6,1.5\nInterval,1e-6,-1e-6,2.5\n"
    raw = load_file(DataConfig(file=str(write(tmp_path, head + rows))))
    assert len(raw.feature_names) == 1
