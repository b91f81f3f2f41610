"""Files as people bring them, each read to the right names, shape, first and last row.

The expected values were taken from the files with `str.split` at the delimiter that each file has.
"""

import shutil
from pathlib import Path

import pytest

from rnngan_cli.data.formats.text import TextOptions, TextTable, read_text_table

FIELD = Path(__file__).parents[1] / "field"
FILES = [
    ("act_none.csv", "subject|activity|acc", (720, 3), "s0|None|-0.004", "s29|Run|-0.862"),
    (
        "air.csv",
        "Date|Time|CO(GT)|PT08.S1(CO)|NOx(GT)|T|RH|AH",
        (300, 8),
        "09/03/2011|18.00.00|2,0|1202|144|13,0",
        "22/03/2011|05.00.00|1,5|1183|131|13,9",
    ),
    (
        "air_feb.csv",
        "Date|Time|CO(GT)|PT08.S1(CO)|NOx(GT)|T|RH|AH",
        (576, 8),
        "01/02/2011|00.00.00|1|1000|0|1",
        "12/03/2011|23.00.00|1|2287|575|1",
    ),
    (
        "air_notail.csv",
        "Date|Time|CO(GT)|PT08.S1(CO)|NOx(GT)|T|RH|AH",
        (300, 8),
        "09/03/2011|18.00.00|2,2|1226|166|13,0",
        "22/03/2011|05.00.00|1,6|1194|169|13,9",
    ),
    (
        "air_point.csv",
        "Date|Time|CO(GT)|PT08.S1(CO)|T",
        (300, 5),
        "03/09/2011|18:00:00|2.0|1200|13.0",
        "03/22/2011|05:00:00|1.4|1190|11.2",
    ),
    ("allconst.csv", "c|d", (400, 2), "3|5", "3|5"),
    ("beijing.csv", "No|year|month|day|hour|pm2.5|DEWP|TEMP|PRES", (300, 13), "1|2012|1|1|0|NA", "300|2012|1|13|11|54"),
    ("btp.csv", "column_1|column_2|column_3", (400, 3), "2021/03/01|00:00|0.500", "2021/03/01|06:39|0.603"),
    ("commahead.csv", "Zeit|Leistung, kW|Temp", (300, 3), "0|10.000|21.00", "299|9.890|19.01"),
    ("comment.csv", "a|b", (300, 2), "0|0.000", "5|-0.522"),
    ("floatclass12.csv", "id|class|value", (1440, 3), "0|1.0|99.864", "119|12.0|1199.217"),
    ("gap.csv", "t|v", (300, 2), "2020-01-01 00:00:00|0.0", "2020-01-13 11:00:00|-0.6037713570372523"),
    (
        "headless_date.csv",
        "column_1|column_2|column_3",
        (300, 3),
        "2020-05-01 00:00|20.00|6.00",
        "2020-05-13 11:00|19.24|5.80",
    ),
    ("headless_label.csv", "column_1|column_2|column_3", (300, 3), "20.00|6.00|A", "19.24|5.80|B"),
    ("inf.csv", "a|b", (300, 2), "0|0.000", "5|-0.522"),
    (
        "investing.csv",
        "Date|Price|Open|Vol.|Change %",
        (300, 5),
        "Dec 31, 2019|7,000.5|7,100.0|600.00K|-2.07%",
        "Mar 07, 2019|7,299.5|6,801.0|899.00K|-0.37%",
    ),
    ("iso.csv", "country|week|cases", (180, 3), "NA|0|50.03", "IN|29|46.51"),
    ("latin1.csv", "Zeit|Leistung [kW]|Außentemp °C", (300, 3), "0|10.000|21.00", "299|9.890|19.01"),
    ("micro.csv", "time|x", (400, 2), "2023-04-01 00:00:00|0.000", "2023-04-01 00:03:19.500000|-0.952"),
    (
        "mixed.csv",
        "steps|awake|stage|hr|const|huge|tiny",
        (300, 7),
        "1333|False|3|65.0403069537092|7|998937883371187.9",
        "6931|True|1|63.41765837046001|7|998516412812343.8",
    ),
    ("names.csv", "step|label|value", (400, 3), "0|0|0.0", "0|0|-0.9521464919441047"),
    (
        "own_generated.csv",
        "series|step|steps|awake|stage|hr|const|huge|tiny",
        (199, 9),
        "0|0|5138.234275102615|0.5419695377349854|1.3968334794044495|63.57412778482794",
        "16|6|2439.2759514451027|0.19936181604862213|0.9807155728340149|63.26923927867614",
    ),
    (
        "panel.csv",
        "timestamp|sensor_id|value",
        (480, 3),
        "2021-05-01 00:00:00|101|10.087",
        "2021-05-02 15:00:00|112|120.536",
    ),
    ("pipe.csv", "a|b|c", (300, 3), "0|0.000|0", "5|-0.522|2"),
    (
        "power.csv",
        "Date|Time|Global_active_power|Voltage|Sub_metering_1",
        (300, 5),
        "14/12/2007|17:24:00|4.000|233.960|1.133",
        "14/12/2007|22:23:00|4.972|236.149|0.600",
    ),
    ("space.csv", "a|b|c", (300, 3), "0|0.000|0", "5|-0.522|2"),
    (
        "stock.csv.gz",
        "Unnamed: 0|Open|Close|Volume",
        (300, 4),
        "0|98.88209624196385|100.62320742429766|9975762",
        "299|76.9676841338557|111.39274346587753|4385132",
    ),
    ("thousands.csv", "Date|Price|Vol.", (300, 3), "2015-01-01|974|1003", "2015-10-27|1,278|1021"),
    ("trail_noheader.csv", "a|b|c", (300, 3), "0|0.000|0", "5|-0.522|2"),
    (
        "ucr_renamed.csv",
        "column_1|column_2|column_3|column_4|column_5|column_6|column_7|column_8|column_9",
        (60, 25),
        "1|-0.0266477|0.3070523|0.4294186|0.4946563|0.8811108",
        "2|0.1701100|0.4309500|0.9345993|1.0440586|0.9757298",
    ),
    ("units.csv", "time|temp|flow", (300, 3), "2020-05-01 00:00|20.00|6.00", "2020-05-13 11:00|19.24|5.80"),
    (
        "unnamed0.csv",
        "Unnamed: 0|Open|Close|Volume",
        (300, 4),
        "0|98.88209624196385|100.62320742429766|9975762",
        "299|76.9676841338557|111.39274346587753|4385132",
    ),
    ("utf16.csv", "Zeit|Leistung [kW]|Temp", (300, 3), "0|10.000|21.00", "299|9.890|19.01"),
    (
        "walmart.csv",
        "Store|Date|Weekly_Sales|Holiday_Flag|Temperature",
        (600, 5),
        "1|05-02-2010|1095275.40|1|40.00",
        "10|25-03-2011|1998611.24|0|57.75",
    ),
    (
        "wide_header.csv",
        "class|t0|t1|t2|t3|t4|t5|t6|t7",
        (60, 25),
        "1|-0.0266477|0.3070523|0.4294186|0.4946563|0.8811108",
        "2|0.1701100|0.4309500|0.9345993|1.0440586|0.9757298",
    ),
    (
        "wide_years.csv",
        "unit|2000|2001|2002|2003|2004|2005|2006|2007",
        (60, 25),
        "U00|-0.0266477|0.3070523|0.4294186|0.4946563|0.8811108",
        "U59|0.1701100|0.4309500|0.9345993|1.0440586|0.9757298",
    ),
]
"""File, the first nine names, shape, and the first six cells of the first and last row."""


def read(name: str) -> TextTable:
    return read_text_table(FIELD / name, TextOptions())


@pytest.mark.parametrize(("name", "names", "shape", "first", "last"), FILES, ids=[row[0] for row in FILES])
def test_files_are_read(name: str, names: str, shape: tuple[int, int], first: str, last: str) -> None:
    table = read(name)
    assert "|".join(table.frame.columns[:9]) == names
    assert table.frame.shape == shape and len(table.lines) == shape[0]
    assert "|".join(table.frame.iloc[0][:6]) == first
    assert "|".join(table.frame.iloc[-1][:6]) == last
    assert {str(kind) for kind in table.frame.dtypes} == {"str"}


QUIET = (
    "act_none air_feb air_notail air_point allconst beijing commahead floatclass12 gap inf investing iso micro mixed"
)
QUIET += " names own_generated panel pipe power space thousands unnamed0 utf16 walmart wide_header"


@pytest.mark.parametrize("name", QUIET.split())
def test_what_is_plain_needs_no_note(name: str) -> None:
    table = read(f"{name}.csv")
    assert table.notes == () and table.has_header and table.lines[0] == 2


@pytest.mark.parametrize(
    ("name", "said", "option"),
    [
        ("air.csv", "2 columns without a name and a value left out (9, 10)", ""),
        ("btp.csv", "line 1 looks like data, so the names are column_1 to column_3", "`--header`"),
        ("headless_date.csv", "line 1 looks like data", "`--header`"),
        ("headless_label.csv", "line 1 looks like data", "`--header`"),
        ("ucr_renamed.csv", "line 1 looks like data", "`--header`"),
        ("wide_years.csv", "line 1 is taken for the names, `2000` among them", "`--no-header`"),
        ("comment.csv", "2 comments left out, the first in line 1", ""),
        ("latin1.csv", "the text is not UTF-8: read as cp1252", "`--encoding`"),
        ("trail_noheader.csv", "1 column without a name and a value left out (4)", ""),
        ("units.csv", "line 2 is taken for the units of the columns", ""),
        ("stock.csv.gz", "column 1 has no name in the file; it is called `Unnamed: 0`", ""),
    ],
)
def test_doubts_are_told_with_the_option_that_settles_them(name: str, said: str, option: str) -> None:
    (note,) = read(name).notes
    assert said in note and option in note


def test_properties_of_a_file_in_a_few_words() -> None:
    assert read("air.csv").description == "CSV, `;` between columns, UTF-8, header in line 1"
    assert read("comment.csv").description == "CSV, `,` between columns, UTF-8, header in line 3"
    assert read("stock.csv.gz").description == "CSV in gzip, `,` between columns, UTF-8, header in line 1"
    assert read("ucr_renamed.csv").description == "TSV, tabs between columns, UTF-8, no header"
    assert read("utf16.csv").description == "CSV, `;` between columns, UTF-16 with BOM, header in line 1"
    assert read("units.csv").units == ("[-]", "degC", "l/min") and read("air.csv").units == ()


@pytest.mark.parametrize(("name", "other"), [("power.csv", "power.txt"), ("ucr_renamed.csv", "Power_TRAIN.tsv")])
def test_the_extension_says_nothing(name: str, other: str, tmp_path: Path) -> None:
    shutil.copy(FIELD / name, tmp_path / other)
    assert read_text_table(tmp_path / other, TextOptions()).frame.equals(read(name).frame)
