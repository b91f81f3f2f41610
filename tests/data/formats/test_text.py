"""Each kind of text table: what is read, which doubt is told, and the one line for what is no table."""

import bz2
import gzip
import io
import lzma
import math
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.data.formats import contents
from rnngan_cli.data.formats.text import TextOptions, TextTable, read_text_table
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

ROWS = [f"{step},{math.sin(step):.3f},{step % 3}" for step in range(30)]
DATED = [f"2020-01-{step + 1:02d} {step % 24:02d}:00,{math.sin(step):.3f},{step + 0.5}" for step in range(30)]


def read(folder: Path, content: str | bytes | list[str], **options: object) -> TextTable:
    """Writes content (a list is lines) as a file and reads it."""
    path = folder / "mine.csv"
    text = "\n".join(content) + "\n" if isinstance(content, list) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_text_table(path, TextOptions(**options))  # type: ignore[arg-type]


def refused(folder: Path, content: str | bytes | list[str], **options: object) -> str:
    """The line that it is refused with, without the folder."""
    with pytest.raises(UserError) as caught:
        read(folder, content, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "")


def names(table: TextTable) -> list[str]:
    return list(table.frame.columns)


def cells(table: TextTable, row: int) -> list[str]:
    return list(table.frame.iloc[row])


def swapped(lines: list[str], delimiter: str) -> list[str]:
    return [line.replace(",", delimiter) for line in lines]


# Bytes


@pytest.mark.parametrize(
    ("encoding", "label", "noted"),
    [
        ("utf-8", "UTF-8", False),
        ("utf-8-sig", "UTF-8 with BOM", False),
        ("utf-16", "UTF-16 with BOM", False),
        ("utf-32", "UTF-32 with BOM", False),
        ("utf-16-le", "UTF-16-LE", True),
        ("utf-16-be", "UTF-16-BE", True),
        ("cp1252", "cp1252", True),
        ("latin-1", "cp1252", True),
    ],
)
def test_encodings(encoding: str, label: str, noted: bool, tmp_path: Path) -> None:
    table = read(tmp_path, "\n".join(["Größe,Länge,µ", *ROWS]).encode(encoding))
    assert names(table) == ["Größe", "Länge", "µ"] and table.frame.shape == (30, 3)
    assert f", {label}, header" in table.description
    assert [("`--encoding` settles it" in note) for note in table.notes] == [True] * noted
    again = read(tmp_path, "\n".join(["Größe,Länge,µ", *ROWS]).encode(encoding), encoding=encoding)
    assert names(again) == names(table) and again.notes == ()


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("cp1251", "Дата;Температура;Влажность"),
        ("koi8-r", "Дата;Температура;Влажность"),
        ("cp1253", "Ημερομηνία;Θερμοκρασία;Υγρασία"),
        ("cp932", "日付;温度センサー;湿度センサー"),
    ],
)
def test_encodings_of_other_languages(encoding: str, header: str, tmp_path: Path) -> None:
    """Read right whether it is found or given; what was found is named."""
    content = "\n".join([header, *swapped(ROWS, ";")]).encode(encoding)
    assert names(read(tmp_path, content, encoding=encoding)) == header.split(";")
    table = read(tmp_path, content)
    assert table.frame.shape == (30, 3) and cells(table, 1) == ["1", "0.841", "1"]
    assert "the text is not UTF-8: read as" in table.notes[0] and "`--encoding`" in table.notes[0]
    if encoding in {"cp1251", "cp932"}:
        assert names(table) == header.split(";")


def test_encodings_that_do_not_fit(tmp_path: Path) -> None:
    lines = ["Größe,b,c", *ROWS]
    assert "line 1 is not ascii text; give another with `--encoding`" in refused(tmp_path, lines, encoding="ascii")
    for wrong in ("nonsense", "base64", "rot13"):
        assert refused(tmp_path, lines, encoding=wrong).startswith(f"`--encoding {wrong}`: unknown encoding; expected")
    damaged = "\n".join(["Größe,Länge,c", *ROWS[:5]]).encode() + b"\n5,2,\xff\n"
    assert "line 7 is not UTF-8 text, while the rest is; mend that line, or" in refused(tmp_path, damaged)
    assert names(read(tmp_path, damaged, encoding="cp1252"))[0] == "GrÃ¶ÃŸe"


def archive(*members: str, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in members:
            file.writestr(name, content)
    return buffer.getvalue()


def zstandard(content: bytes) -> bytes:
    import pyarrow as pa

    return bytes(memoryview(pa.compress(content, codec="zstd")))


PLAIN = "\n".join(["a,b,c", *ROWS]).encode()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (gzip.compress(PLAIN), "gzip"),
        (bz2.compress(PLAIN), "bzip2"),
        (lzma.compress(PLAIN), "xz"),
        (zstandard(PLAIN), "zstandard"),
        (archive("folder/", "folder/x.csv", content=PLAIN), "ZIP"),
    ],
)
def test_compression_is_known_by_the_content(content: bytes, word: str, tmp_path: Path) -> None:
    table = read(tmp_path, content)
    assert names(table) == ["a", "b", "c"] and table.frame.shape == (30, 3)
    assert table.description == f"CSV in {word}, `,` between columns, UTF-8, header in line 1"
    assert "cannot be unpacked" in refused(tmp_path, content[: len(content) // 2]) or word == "ZIP"
    assert "damaged ZIP archive" in refused(tmp_path, content[: len(content) // 2]) or word != "ZIP"


def test_archives_that_are_no_single_table(tmp_path: Path) -> None:
    message = refused(tmp_path, archive("a.csv", "b.csv", content=PLAIN))
    assert "is a ZIP archive of 2 files (`a.csv`, `b.csv`); unpack it and give the one table" in message
    assert read(tmp_path, archive("a.csv", "__MACOSX/._a.csv", ".DS_Store", content=PLAIN)).frame.shape == (30, 3)
    assert "is gzip inside of gzip" in refused(tmp_path, gzip.compress(gzip.compress(PLAIN)))
    assert "a Parquet file, inside of gzip" in refused(tmp_path, gzip.compress(b"PAR1" + bytes(50)))


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes of archive hold a thousand times as much."""
    monkeypatch.setattr(contents, "MOST_UNPACKED", 2**20)
    for packed in (gzip.compress(b"0,0\n" * 2**21), lzma.compress(b"0,0\n" * 2**21), bz2.compress(b"0,0\n" * 2**21)):
        assert len(packed) < 10_000
        assert "over 200 times its size; if that is right, unpack it" in refused(tmp_path, packed)
    monkeypatch.setattr(memory, "machine_bytes", lambda: 2**19)
    assert "unpacked: needs about" in refused(tmp_path, gzip.compress(b"0,0\n" * 2**18))


OTHER_KINDS = [
    (
        archive("xl/workbook.xml", "[Content_Types].xml"),
        "an Excel workbook (XLSX), no text; give it the extension .xlsx",
    ),
    (archive("mimetype", "content.xml"), "an OpenDocument file"),
    (archive("series.npy", "labels.npy"), "a NumPy archive, no text; give it the extension .npz"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
        "an Excel workbook of the old format, or one with a password, no table of text; save it as XLSX or CSV",
    ),
    (b"%PDF-1.7\n%\xe2\xe3\n", "a PDF document"),
    (b"PAR1\x15\x04", "a Parquet file, no table of text; give it the extension .parquet"),
    (b"\x93NUMPY\x01\x00", "a NumPy array, no table of text; give it the extension .npy"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b'{"a": [1, 2], "b": [3, 4]}', "JSON, no table of text; give it the extension .json"),
    (b'{"a": 1}\n{"a": 2}\n', "JSON"),
    (b'[\n  {"a": 1},\n  {"a": 2}\n]', "JSON"),
    (b"[[1, 2], [3, 4]]", "JSON"),
    (b"<!DOCTYPE html>\n<html><table>", "an HTML page"),
    (b'<?xml version="1.0"?><a/>', "XML"),
    (b"% eye\n@RELATION e\n@ATTRIBUTE a NUMERIC\n@DATA\n1\n", "an ARFF file, no table of text; give it the extension"),
    (b"#x\n@problemName JV\n@data\n1,2:1\n", "a file of sktime's format"),
    (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
]


@pytest.mark.parametrize(("content", "what"), OTHER_KINDS)
def test_other_kinds_are_told_by_their_content(content: bytes, what: str, tmp_path: Path) -> None:
    assert refused(tmp_path, content).startswith(f"`mine.csv`: is {what}")


def test_what_is_no_text(tmp_path: Path) -> None:
    assert "line 2 holds a NUL byte; expected text; is it another kind of file?" in refused(tmp_path, b"a,b\n\0,2\n")
    noise = bytes(np.random.default_rng(0).integers(1, 256, 5000, dtype=np.uint8))
    assert "is no text" in refused(tmp_path, noise)
    assert refused(tmp_path, "").startswith("`mine.csv`: is empty")
    assert "holds no rows, only blank lines or comments" in refused(tmp_path, "\n\n\n")
    assert "holds no rows, only blank lines or comments" in refused(tmp_path, "# a\n# b, c\n")
    assert "has a header and no rows" in refused(tmp_path, "a,b,c\n")


# Delimiters and quotes


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_delimiters_and_line_ends(delimiter: str, end: str, last: bool, tmp_path: Path) -> None:
    table = read(tmp_path, end.join(swapped(["a,b,c", *ROWS], delimiter)) + end * last)
    assert names(table) == ["a", "b", "c"] and table.notes == ()
    assert [",".join(row) for row in table.frame.itertuples(index=False)] == ROWS
    assert list(table.lines) == list(range(2, 32))


def test_decimal_commas(tmp_path: Path) -> None:
    for delimiter in (";", "\t", " ", "|"):
        table = read(tmp_path, [line.replace(",", delimiter).replace(".", ",") for line in ["a,b,c", *ROWS]])
        assert cells(table, 1) == ["1", "0,841", "1"] and table.notes == ()


def test_commas_that_part_columns_and_decimals_are_not_told_apart_silently(tmp_path: Path) -> None:
    single = [f"{math.sin(step):.3f}".replace(".", ",") for step in range(30)]
    message = refused(tmp_path, ["value", *single])
    assert "line 1 has 1 cell (`value`), the rows below have 2; if the numbers have decimal commas, use " in message
    for lines in (["value", *single], single):
        table = read(tmp_path, lines, delimiter=";")
        assert list(table.frame.iloc[:, 0]) == single
    assert "if they are decimal commas, use `--delimiter ;`" in " ".join(read(tmp_path, single).notes)
    double = [f"{step},{value}" for step, value in enumerate(single)]
    assert "save the file with `;` between columns" in refused(tmp_path, ["t,x", *double])


def test_aligned_columns(tmp_path: Path) -> None:
    lines = ["  time    temp   flow", *(f"{step:6d} {math.sin(step):8.3f}  {step % 3:4d}  " for step in range(20))]
    table = read(tmp_path, lines)
    assert names(table) == ["time", "temp", "flow"] and cells(table, 4) == ["4", "-0.757", "1"]
    assert table.description == "text, blanks between columns, UTF-8, header in line 1"
    mixed = read(tmp_path, ["time\ttemp  flow", *(f"{step}\t{step}.5  {step % 3}" for step in range(20))])
    assert names(mixed) == ["time", "temp", "flow"] and cells(mixed, 4) == ["4", "4.5", "1"]


def test_delimiters_in_names_and_cells(tmp_path: Path) -> None:
    lines = [
        'Zeit;"Leistung; kW";"say ""hi"""',
        *(f'{step};{step},5;"a; b\nc ""d"""' for step in range(9)),
    ]
    table = read(tmp_path, lines)
    assert names(table) == ["Zeit", "Leistung; kW", 'say "hi"']
    assert cells(table, 0) == ["0", "0,5", 'a; b\nc "d"'] and list(table.lines[:3]) == [3, 5, 7]
    table = read(tmp_path, ["Zeit;T, °C;P, kW", *(f"{step};{step},5;{step},25" for step in range(9))])
    assert names(table) == ["Zeit", "T, °C", "P, kW"]


def test_quotes_of_other_kinds(tmp_path: Path) -> None:
    spaced = read(tmp_path, ['"a" , "b"', *(f'"{step}" , "x, {step}"' for step in range(9))])
    assert names(spaced) == ["a", "b"] and cells(spaced, 3) == ["3", "x, 3"]
    single = read(tmp_path, ["'time','x'", *(f"'2020-01-{step + 1:02d}','{step},5'" for step in range(9))])
    assert names(single) == ["time", "x"] and cells(single, 3) == ["2020-01-04", "3,5"]
    escaped = read(tmp_path, ["name,x", *(f'"say \\"hi, {step}\\"",{step}' for step in range(9))])
    assert cells(escaped, 3) == ['say "hi, 3"', "3"]
    inches = read(tmp_path, ["name,x", *(f'pipe 5",{step}' for step in range(9))])
    assert cells(inches, 3) == ['pipe 5"', "3"]


def test_quotes_that_are_wrong(tmp_path: Path) -> None:
    open_quote = refused(tmp_path, ["a,b,c", *ROWS[:5], '"x,1,2', *ROWS[5:]])
    assert "line 7 is not a row of a table (a quote is opened and never closed); close it" in open_quote
    assert "write a quote inside of a quoted cell twice" in refused(tmp_path, ["a,b,c", *ROWS[:5], '"x"y,1,2', *ROWS])


@pytest.mark.parametrize("word", [";", "semicolon"])
def test_a_delimiter_that_is_given(word: str, tmp_path: Path) -> None:
    table = read(tmp_path, swapped(["a,b,c", *ROWS], ";"), delimiter=word)
    assert table.frame.shape == (30, 3)
    assert read(tmp_path, swapped(["a,b,c", *ROWS], ":"), delimiter="colon").frame.shape == (30, 3)
    assert read(tmp_path, swapped(["a,b,c", *ROWS], "   "), delimiter="space").frame.shape == (30, 3)
    note, words = read(tmp_path, ["a,b,c", *ROWS], delimiter=word).notes
    assert "all columns are of words, and line 1 is taken for the names" in words
    assert note == f"`--delimiter {word}` is not in the file: it is read as one column"
    for wrong in ("::", "", "\n", '"'):
        assert "expected one character, or one of comma, semicolon, tab" in refused(tmp_path, ROWS, delimiter=wrong)


def test_excel_names_the_delimiter_itself(tmp_path: Path) -> None:
    table = read(tmp_path, ["sep=;", "a;b", *(f"{step};{step},5" for step in range(9))])
    assert names(table) == ["a", "b"] and cells(table, 3) == ["3", "3,5"]


# Lines that are no rows


@pytest.mark.parametrize("mark", ["#", "%", "//", ";"])
def test_comments_above_and_inside(mark: str, tmp_path: Path) -> None:
    inside = f"{mark} 2, 3, \"it's"
    table = read(tmp_path, [f"{mark} exported, 2020", f"{mark}", "a,b,c", *ROWS[:9], inside, *ROWS[9:]])
    assert [",".join(row) for row in table.frame.itertuples(index=False)] == ROWS
    assert table.notes == ("3 comments left out, the first in line 1",)
    assert (table.lines[8], table.lines[9]) == (12, 14)


def test_marks_of_comments_that_are_none(tmp_path: Path) -> None:
    quoted = read(tmp_path, ["name,x", '"one\n# two",1', "#N/A,2", "#REF!,3", "b,4"])
    assert list(quoted.frame["name"]) == ["one\n# two", "#N/A", "#REF!", "b"]
    numbered = read(tmp_path, ["id,x", *(f"#{step},{step}.5" for step in range(9))])
    assert cells(numbered, 0) == ["#0", "0.5"] and numbered.notes == ()
    index = read(tmp_path, [";Open;Close", *swapped(ROWS, ";")])
    assert names(index) == ["Unnamed: 0", "Open", "Close"]


def test_names_in_a_comment(tmp_path: Path) -> None:
    """As `numpy.savetxt` writes them."""
    path = tmp_path / "mine.csv"
    for delimiter, header in ((",", "time,temp,flow"), (" ", "time temp flow")):
        np.savetxt(path, np.arange(30.0).reshape(10, 3), delimiter=delimiter, header=header)
        table = read_text_table(path, TextOptions())
        assert names(table) == ["time", "temp", "flow"] and len(table.frame) == 10
        (note,) = table.notes
        assert "taken from the comment in line 1; `--no-header` leaves them out" in note
    assert names(read_text_table(path, TextOptions(header=False))) == ["column_1", "column_2", "column_3"]
    assert names(read(tmp_path, ["#,Name,x", *ROWS])) == ["#", "Name", "x"]


def test_names_and_units_in_comments(tmp_path: Path) -> None:
    """As buoys and other stations write them."""
    lines = [
        "# from NDBC",
        "#YY  MM WDIR WSPD",
        "#yr  mo degT m/s",
        *(f"2020 {month:02d}  {month}.5  3" for month in range(1, 13)),
    ]
    table = read(tmp_path, lines)
    assert names(table) == ["YY", "MM", "WDIR", "WSPD"] and table.units == ("yr", "mo", "degT", "m/s")
    assert "taken from the comment in line 2" in table.notes[0]


def test_numbers_above_the_table_are_not_its_rows(tmp_path: Path) -> None:
    """They stand where dates stand below."""
    lines = ["latitude,longitude,elevation,offset", "52.52,13.41,38.0,0", "", "time,temp,rain,wind"]
    table = read(tmp_path, [*lines, *(f"2020-01-{day:02d},{day}.5,{day % 3},7" for day in range(1, 20))])
    assert names(table) == ["time", "temp", "rain", "wind"] and table.lines[0] == 5


def test_lists_in_cells(tmp_path: Path) -> None:
    assert cells(read(tmp_path, ["t;v", *(f"{step};[1, 2, {step}]" for step in range(9))]), 3) == ["3", "[1, 2, 3]"]


def test_text_above_the_table(tmp_path: Path) -> None:
    above = ["Logger export v2", "Station: Berlin", "Date: 2020-01-01, 10:00", ""]
    table = read(tmp_path, [*above, "time,temp,flow", *DATED])
    assert names(table) == ["time", "temp", "flow"] and table.lines[0] == 6 and len(table.frame) == 30
    assert table.description.endswith("header in line 5")
    assert table.notes == ("lines 1 to 3 left out as text above the table: `Logger export v2`",)
    padded = read(tmp_path, ["Logger export v2,,", "Station:,Berlin,", ",,", "time,temp,flow", *DATED])
    assert names(padded) == ["time", "temp", "flow"] and padded.lines[0] == 5
    pairs = [
        "Station;Berlin",
        "Height;34",
        "Owner;me",
        "time;value",
        *(f"2020-01-{day:02d};{day}.5" for day in range(1, 9)),
    ]
    assert names(read(tmp_path, pairs)) == ["time", "value"]
    assert names(read(tmp_path, ["My title", "", "value", *(f"{step}.5" for step in range(9))])) == ["value"]


def test_blank_lines_and_empty_rows(tmp_path: Path) -> None:
    table = read(tmp_path, ["a,b,c", *ROWS[:9], "", "  ", *ROWS[9:], "", ",,", ",,"])
    assert [",".join(row) for row in table.frame.itertuples(index=False)] == ROWS and table.lines[9] == 13
    assert table.notes == (
        "3 blank lines left out, the first in line 11",
        "2 empty rows at the end left out, from line 35",
    )
    inside = read(tmp_path, ["a,b,c", *ROWS[:9], ",,", *ROWS[9:]])  # a step without values
    assert cells(inside, 9) == ["", "", ""] and len(inside.frame) == 31
    single = read(tmp_path, ["value", "1.5", "", "3.5"])
    assert list(single.frame["value"]) == ["1.5", "", "3.5"]


@pytest.mark.parametrize(
    ("footer", "said"),
    [
        ("Mean,34,55\nStd,1,2", "line 32 begins with `Mean`, the rows above with numbers or dates; if it sums up"),
        ("Total,34,55", "line 32 begins with `Total`, the rows above with numbers or dates; if it sums up"),
        ("Source: ministry", "line 32 has 1 cell (`Source: ministry`), the header in line 1 has 3"),
        ("(30 rows)", "if it ends the table, delete the lines from there on"),
    ],
)
def test_footers_are_refused_with_their_line(footer: str, said: str, tmp_path: Path) -> None:
    lines = ["time,temp,flow", *DATED]
    assert said in refused(tmp_path, [*lines, footer])
    assert read(tmp_path, lines).frame.shape == (30, 3)  # the advice followed
    for missing in ("NA,1,2", "?,1,2", "-999,1,2", "n.a.,1,2"):
        assert len(read(tmp_path, [*lines, missing], missing_marks=("n.a.",)).frame) == 31


def test_a_header_that_comes_again_parts_the_rows(tmp_path: Path) -> None:
    """A program appended its tables to one file."""
    lines = ["a,b,c", *ROWS, "a,b,c", *ROWS, "", "a,b,c", *ROWS, "a,b,c"]
    table = read(tmp_path, lines)
    assert table.frame.equals(pd.concat([read(tmp_path, ["a,b,c", *ROWS]).frame] * 3, ignore_index=True))
    assert list(table.parts) == [len(ROWS), 2 * len(ROWS)]
    assert "3 lines with the names of the columns again left out, the first line 32" in table.notes
    assert [table.lines[row] for row in (0, 29, 30, 59, 60)] == [2, 31, 33, 62, 65]
    assert "has a header and no rows" in refused(tmp_path, ["a,b,c", "a,b,c"])


def test_the_first_line_of_names_counts_where_others_explain_it(tmp_path: Path) -> None:
    """Campbell's loggers write units and kinds of processing below the names (TOA5)."""
    head = [
        '"TOA5","CR1000","CR1000","1234","CR1000.Std.22","CPU:x.CR1","999","Table1"',
        '"TIMESTAMP","RECORD","AirTC_Avg","RH"',
        '"TS","RN","Deg C","%"',
        '"","","Avg","Smp"',
    ]
    rows = [f'"2020-01-01 00:{minute:02d}:00",{minute + 77},{minute / 7:.2f},{50 + minute}' for minute in range(60)]
    table = read(tmp_path, [*head, *rows])
    assert names(table) == ["TIMESTAMP", "RECORD", "AirTC_Avg", "RH"] and len(table.frame) == 60
    assert "line 2 is taken for the names of the columns, and not lines 3, 4" in table.notes


# Columns


@pytest.mark.parametrize(
    "lines",
    [
        ["a,b,c,,", *(f"{row},," for row in ROWS)],
        ["a,b,c", *(f"{row}," for row in ROWS)],
        ["a,b,c,", *ROWS],
        ["a,b,c", *(f"{row}{',' * (number == 7)}" for number, row in enumerate(ROWS))],
        ["a,b,c,,", *ROWS[:9], *(f"{row},," for row in ROWS[9:])],
    ],
)
def test_empty_tails(lines: list[str], tmp_path: Path) -> None:
    table = read(tmp_path, lines)
    assert names(table) == ["a", "b", "c"]
    assert [",".join(row) for row in table.frame.itertuples(index=False)] == ROWS
    headless = read(tmp_path, [f"{row},," for row in ROWS])
    assert names(headless) == ["column_1", "column_2", "column_3"]


def test_columns_without_a_name(tmp_path: Path) -> None:
    table = read(tmp_path, [",a,,c", *(f"{step},{step},,{step}" for step in range(9))])
    assert names(table) == ["Unnamed: 0", "a", "c"]
    assert table.notes == (
        "1 column without a name and a value left out (3)",
        "column 1 has no name in the file; it is called `Unnamed: 0`",
    )


def test_repeated_names(tmp_path: Path) -> None:
    assert "column name `a` is used more than once in line 1 (columns 1, 3)" in refused(tmp_path, ["a,b,a", *ROWS])


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ("[-],degC,l/min", ("[-]", "degC", "l/min")),
        (",°C,m³/h", ("", "°C", "m³/h")),
        ("(s),(m/s^2),%", ("(s)", "(m/s^2)", "%")),
        ("yyyy-mm-dd HH:MM,K,kPa", ("yyyy-mm-dd HH:MM", "K", "kPa")),
        ("datetime,float,float", ()),
    ],
)
@pytest.mark.parametrize("below", [True, False])
def test_lines_of_units(units: str, told: tuple[str, ...], below: bool, tmp_path: Path) -> None:
    head = ["time,temp,flow", units] if below else [units, "time,temp,flow"]
    if below or told:
        table = read(tmp_path, [*head, *DATED])
        assert names(table) == ["time", "temp", "flow"] and table.units == told
        assert table.lines[0] == 3 and len(table.frame) == 30 and f"line {1 + below} is taken" in table.notes[0]


def test_two_lines_of_names(tmp_path: Path) -> None:
    rows = [f"2020-01-{day:02d},{day}.5,{day},3,4" for day in range(1, 20)]
    table = read(tmp_path, [",Inside,,Outside,", "time,t,h,t,h", *rows])
    assert names(table) == ["time", "Inside t", "Inside h", "Outside t", "Outside h"]
    assert "joined from lines 1 and 2" in table.notes[0]
    table = read(tmp_path, ["time,a,b,c,d", "Zeit,erste,zweite,dritte,vierte", *rows])
    assert names(table) == ["time", "a", "b", "c", "d"] and "and not line 2" in table.notes[0]
    assert names(read(tmp_path, ["Price,Close,High,Low,Open", "Ticker,X,X,X,X", "Date,,,,", *rows]))[0] == "Date"


def test_tables_of_pandas(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)).round(3))
    for index in (True, False):
        table = read(tmp_path, frame.to_csv(index=index))
        assert names(table) == [*(["Unnamed: 0"] if index else []), "0", "1", "2"] and len(table.frame) == 20
        assert "if it is data, use `--no-header`" in table.notes[0]
    frame.columns = pd.MultiIndex.from_tuples([("A", "x"), ("A", "y"), ("B", "x")])
    table = read(tmp_path, frame.rename_axis(index="time").to_csv())
    assert names(table) == ["time", "A x", "A y", "B x"] and len(table.frame) == 20


def test_tables_of_r(tmp_path: Path) -> None:
    table = read(tmp_path, ['"a" "b"', *(f'"{step + 1}" {step}.5 {step}' for step in range(9))])
    assert names(table) == ["Unnamed: 0", "a", "b"] and cells(table, 0) == ["1", "0.5", "0"]


# With and without a header


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        DATED,
        [f"{math.sin(step):.3f},{'AB'[step % 2]}" for step in range(30)],
        [f"U{step:02d},{math.sin(step):.3f},{math.cos(step):.3f}" for step in range(30)],
        [f"{step},{step + 1},{step + 2}" for step in range(30)],
        [f"{math.sin(step):.3f}" for step in range(30)],
        [f"{step % 2},{math.sin(step):.3f},{math.cos(step):.3f}" for step in range(1, 30)],
        ["?,1.5,NA", *(f"{step},{step}.5,{step % 3}" for step in range(30))],
    ],
)
def test_no_header(rows: list[str], tmp_path: Path) -> None:
    table = read(tmp_path, rows)
    assert not table.has_header and names(table)[0] == "column_1" and table.lines[0] == 1
    assert [",".join(row) for row in table.frame.itertuples(index=False)] == rows
    assert "line 1 looks like data" in table.notes[0] and "use `--header`" in table.notes[0]
    told = read(tmp_path, rows, header=False)
    assert told.frame.equals(table.frame) and told.notes == ()


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("unit,2000,2001,2002", [f"U{step},{step}.5,{step},3" for step in range(20)]),
        ("unit,2000,2005,2015,2020", [f"U{step},{step},{step * step},3,4" for step in range(20)]),
        ("0,1,2", [f"{step}.5,{step}.25,{step % 7}.1" for step in range(20)]),
        ("1,2,3", [f"{step % 5},{step % 7},{step % 3}" for step in range(20)]),
        ("name,400.0,400.5,401.0", [f"s{step},{step}.5,{step % 7}.5,0.1" for step in range(20)]),
    ],
)
def test_numbers_that_are_names(header: str, rows: list[str], tmp_path: Path) -> None:
    table = read(tmp_path, [header, *rows])
    assert names(table) == header.split(",") and len(table.frame) == 20
    (note,) = table.notes
    assert "is taken for the names" in note and "if it is data, use `--no-header`" in note
    assert read(tmp_path, [header, *rows], header=True).notes == ()
    assert len(read(tmp_path, [header, *rows], header=False).frame) == 21


def test_missing_marks_are_no_names(tmp_path: Path) -> None:
    rows = ["n.v.,n.v.,1.5", *(f"{step},{step}.5,2" for step in range(20))]
    assert names(read(tmp_path, rows, missing_marks=("n.v.",)))[0] == "column_1"
    assert names(read(tmp_path, ["a,b,c", *rows], missing_marks=("n.v.",))) == ["a", "b", "c"]


def test_a_header_that_is_given(tmp_path: Path) -> None:
    table = read(tmp_path, ["10,20,30", *ROWS], header=True)
    assert names(table) == ["10", "20", "30"] and table.notes == () and table.has_header
    table = read(tmp_path, ["a,b,c", *ROWS], header=False)
    assert cells(table, 0) == ["a", "b", "c"] and not table.has_header
    title = read(tmp_path, ["A title", "", *ROWS])
    assert names(title)[0] == "column_1" and len(title.frame) == 30
    assert len(read(tmp_path, ["A title", "", *ROWS], header=False).frame) == 30


# Rows of another length


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a,b,c", *ROWS[:20], "1,2", *ROWS[20:]], "line 22 has 2 cells (`1 2`), the header in line 1 has 3, with `,`"),
        (
            ["a,b,c", *ROWS[:20], "1,2,3,4", *ROWS[20:]],
            "if a comma is part of a number or a text, save the file with `;`",
        ),
        (["a,b,c", "0,1,2,3", *ROWS], "line 2 has 4 cells, the rows below have 3"),
        (["a,b", *ROWS], "line 1 has 2 cells (`a b`), the rows below have 3"),
        (["a,b,c,d", *ROWS], "line 1 has 4 cells (`a b c d`), the rows below have 3"),
        ([*ROWS[:9], "1;2;3", *ROWS[9:]], "line 10 has 1 cell (`1;2;3`), the rows above have 3"),
    ],
)
def test_ragged_rows(lines: list[str], said: str, tmp_path: Path) -> None:
    assert said in refused(tmp_path, lines)


def test_limits(tmp_path: Path) -> None:
    wide = ",".join(f"c{number}" for number in range(10_004))
    message = "10,004 columns; expected at most 10,003; does it lie on its side?"
    assert message in refused(tmp_path, [wide, wide.replace("c", "")])
    assert "line 2 has 16,777,216 characters or more" in refused(tmp_path, b"a,b\n" + b"1" * (2**24 + 1) + b",2\n")
    assert "field larger than field limit" in refused(tmp_path, b"a,b\n" + b"1" * 200_000 + b",2\n")


def test_ten_thousand_columns(tmp_path: Path) -> None:
    lines = [",".join(f"{(row * column) % 97 / 7:.3f}" for column in range(1, 10_001)) for row in range(1, 12)]
    assert read(tmp_path, lines).frame.shape == (11, 10_000)


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\u202eb"])
def test_messages_move_nothing_on_a_terminal(name: str, tmp_path: Path) -> None:
    assert refused(tmp_path, [f"{name},{name},c", *ROWS]).isprintable()
