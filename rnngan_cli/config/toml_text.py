"""Writing of values as TOML, which Python's own library only reads.

Libraries that write TOML break every list over several lines; the lists of losses and seeds of an experiment are
easier to read, and to change by hand, on one line.
"""

import json
from collections.abc import Mapping
from typing import Any


def toml_text(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Formats values as TOML: numbers in the shortest form that reads back as the same, tables last.

    Args:
        values: texts, numbers, booleans, lists and tables by key; None is left out.
        path: keys of the table that holds them.

    >>> print(toml_text({"losses": ["bce"], "run": {"units": 3, "average": 1e-05}}), end="")
    losses = ["bce"]
    <BLANKLINE>
    [run]
    units = 3
    average = 1e-05
    """
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    lines = [
        f"{_key(name)} = {_value(value)}" for name, value in values.items() if name not in tables and value is not None
    ]
    text = "".join(f"{line}\n" for line in lines)
    for name, table in tables.items():
        inner = (*path, name)
        bare = table and all(
            isinstance(value, Mapping) for value in table.values()
        )  # the headers of its tables imply its own
        text += ("" if bare else f"\n[{'.'.join(map(_key, inner))}]\n") + toml_text(table, inner)
    return text


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: object) -> str:
    """Formats a value on one line.

    >>> _value([{"a": 1, "b": "x"}, [True]])
    '[{a = 1, b = "x"}, [true]]'
    """
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(name)} = {_value(item)}' for name, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # A JSON string is a TOML string but for the character DEL, which TOML refuses unless it is escaped.
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
