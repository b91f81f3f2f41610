"""What a cell of text looks like: a number, a date, a missing value or a word.

This serves to tell names from data and one delimiter from another, no more: what the columns mean, and how their
numbers and dates are written, is decided by who reads the table.
"""

import functools
import re

MISSING_WORDS = frozenset(
    (
        "",
        "?",
        "-",
        "--",
        "---",
        ".",
        "..",
        ":",
        "*",
        "na",
        "n/a",
        "#n/a",
        "<na>",
        "nan",
        "-nan",
        "null",
        "nil",
        "none",
        "missing",
    )
)
"""Cells that stand for a missing value, in lower case."""

THOUSANDS_BLANKS = " '’\u00a0\u2007\u2009\u202f"
"""Apostrophes and blanks of several widths that separate thousands, as Switzerland, France and others write them."""
_DIGITS = rf"(?:\d{{1,3}}(?:[{THOUSANDS_BLANKS},.]\d{{3}})+|\d+)"
_NUMBER = re.compile(rf"[+\-−]?\s?[$€£¥]?\s?(?:{_DIGITS}(?:[.,]\d*)?|[.,]\d+)(?:[eEdD][+-]?\d+)?\s?[%‰$€£¥KMBkTmn]?")
_ENDLESS = re.compile(r"[+-]?inf(inity)?|[+-]?∞|#(n/a|div/0!|value!|ref!|name\?|num!|null!)", re.IGNORECASE)
_MONTH = r"[^\W\d_]{3,9}\.?"
_CLOCK = r"\d{1,2}(?:[:.h]\d{2}){1,2}(?:[.,:]\d+)?\s?(?:[AaPp]\.?[Mm]\.?)?"
_ZONE = r"\s?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2}(?: UTC)?|[+-]\d{2})?"
_DAY = (
    rf"(?:\d{{1,4}}[-/.]\s?\d{{1,2}}[-/.]\s?\d{{1,4}}|\d{{1,2}}[-. /]{_MONTH}[-. /,]+\d{{2,4}}"
    rf"|{_MONTH}[ -]\d{{1,2}},?[ -]\d{{2,4}}|\d{{4}}[-. ]{_MONTH}[-. ]\d{{1,2}}|(?:19|20)\d{{6}})"
)
_DATE = re.compile(
    rf"(?:[^\W\d_]{{2,9}}[.,]? )?{_DAY}"
    rf"(?:[T ,_:-]{{1,3}}{_CLOCK}|[T ]\d{{4}}(?:\d{{2}})?(?:[.,]\d+)?| \d{{1,2}}h?|T\d{{2}})?{_ZONE}"
    rf"|{_CLOCK}{_ZONE}|\d{{4}}[-/](?:0?[1-9]|1[0-2])|\d{{4}}-?[QW]\d{{1,2}}|\d{{1,2}}/\d{{4}}"
    rf"|P?\d+ days?(?: {_CLOCK})?"
)


@functools.lru_cache(maxsize=2**15)
def kind_of(cell: str) -> str:
    """Tells what a cell, stripped of blanks, looks like: `number`, `date`, `missing` or `word`.

    A number may have decimal commas, thousands separators, a unit of money, `%` or a suffix such as `K`.

    >>> [kind_of(cell) for cell in ("2,0", "1,004", "600.00K", "09/03/2011", "18.00.00", "Dec 31, 2019", "NA", "U00")]
    ['number', 'number', 'number', 'date', 'date', 'date', 'missing', 'word']
    """
    if cell.lower() in MISSING_WORDS or _ENDLESS.fullmatch(cell):
        return "missing"
    if len(cell) > 60:
        return "word"
    if _NUMBER.fullmatch(cell):
        return "number"
    return "date" if _DATE.fullmatch(cell) else "word"


_TYPES = (
    "string str text char varchar object float float32 float64 int int32 int64 integer long bool boolean date "
    "time datetime datetime64 timestamp double number numeric decimal real category "
)
TYPE_WORDS = frozenset(_TYPES.split())
"""Types of columns, in lower case, which some programs write below the names."""

_UNITS = (
    "s sec ms us µs ns min h hr hrs d day days m mm cm km µm nm in ft kg g mg µg ug t l L ml mL yr mo dy mn "
    "°C degC degT deg_C "
    "C °F degF F K Pa hPa kPa MPa bar mbar psi atm mmHg V mV kV A mA kA W mW kW MW GW Wh kWh MWh GWh J kJ MJ "
    "cal kcal N kN Nm rpm RPM Hz kHz MHz GHz dB dBm % %RH ppm ppb deg ° rad - -- 1 m2 m² m3 m³ mol mmol lx lux "
    "lm cd T mT G S mS µS Ω ohm Ohm kOhm µF VA kVA var kvar USD EUR GBP $ € £ bpm UTC GMT count counts n # "
    "none unitless dimensionless degree degrees percent "
)
_UNIT_WORDS = frozenset(_UNITS.split())
_UNIT_PATTERN = re.compile(
    r"[\[(<{].{0,30}[\])>}]|[\w°µΩ%]{1,6}([2³²]|\^-?\d|-\d)?([/·*][\w°µΩ%]{1,6}([2³²]|\^-?\d|-\d)?){1,3}"
    r"|[dmyDMYhHsSf%T]{1,4}([-/.: T]+[dmyDMYhHsSf%]{1,4}){1,6}"
)


_QUANTITY = re.compile(
    rf"[+\-−]?\s?(?:{_DIGITS}(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?\s?([^\W\d]\S{{0,7}}|[°µΩ]\S{{0,7}})"
)
_SUFFIX_WORDS = frozenset("KkMBbTt")
"""What counts thousands and more, and no unit even behind every number; `m` is metres then."""


def unit_behind(cell: str) -> str:
    """The unit behind a number, such as `kW` in `3,5 kW`; empty if there is none, or a suffix that counts thousands.

    >>> [unit_behind(cell) for cell in ("3,5 kW", "21.0°C", "1.234,50 EUR", "12 m/s", "600K", "3 phases", "12")]
    ['kW', '°C', 'EUR', 'm/s', '', '', '']
    """
    found = _QUANTITY.fullmatch(cell)
    unit = "" if found is None else found[1]
    return unit if unit not in _SUFFIX_WORDS and is_unit(unit) else ""


def is_unit(cell: str) -> bool:
    """Whether a cell may be the unit or the type of a column, such as `[-]`, `degC`, `l/min` or `float`.

    >>> [is_unit(cell) for cell in ("[-]", "degC", "l/min", "m/s^2", "yyyy-mm-dd HH:MM", "temp")]
    [True, True, True, True, True, False]
    """
    return cell in _UNIT_WORDS or cell.lower() in TYPE_WORDS or bool(_UNIT_PATTERN.fullmatch(cell))
