"""Text of experiments: whatever a config can hold is read back by Python's own reader as the same values."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.config.toml_text import toml_text

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Text of any characters but halves of one, control characters among them."""
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    WORDS | NUMBERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES, max_size=4))
def test_whatever_is_written_is_read_back_as_the_same(values: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(values)) == values


@pytest.mark.parametrize("character", [*map(chr, range(32)), "\x7f", "\x80", '"', "\\", "'", "\u2028", "\U0001f3b5"])
def test_every_control_character_is_escaped_in_names_and_values(character: str) -> None:
    values = {f"a{character}b": f"c{character}d", "table": {character: [character]}}
    assert tomllib.loads(toml_text(values)) == values


def test_what_was_not_given_is_left_out() -> None:
    assert toml_text({"window": None, "run": {"units": 3, "steps": None}}) == "\n[run]\nunits = 3\n"
