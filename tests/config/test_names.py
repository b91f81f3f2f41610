"""Names in one text: every list of names is read back, and what is no list is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.config import join_names, rejoined, split_names
from rnngan_cli.errors import UserError


@given(st.lists(st.text(st.sampled_from('ab ,;"\n\t\xa0ü=') | st.characters(codec="utf-8"), max_size=6), min_size=1))
def test_any_names_that_are_joined_split_back(names: list[str]) -> None:
    assert split_names(join_names(names)) == tuple(names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b", ("a", "b")),
        (" a , b ", ("a", "b")),
        ('"Leistung, kW",Temp', ("Leistung, kW", "Temp")),
        ('Temp, "Leistung, kW"', ("Temp", "Leistung, kW")),
        ('5" pipe,b', ('5" pipe', "b")),
        ('" a "', (" a ",)),
        ('""', ("",)),
        ("year,month,day,hour", ("year", "month", "day", "hour")),
    ],
)
def test_names_as_users_write_them(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name 1 is empty"),
        ("a,,b", "name 2 is empty"),
        ("a,", "name 2 is empty"),
        ('"a,b', "a double quote ends with one"),
        (' "a', "a double quote ends with one"),
        ('"a"b,c', "a double quote ends with one"),
    ],
)
def test_what_is_no_list_of_names_is_refused(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        split_names(text)


def test_names_split_at_their_own_commas_are_found() -> None:
    known = ["x, y, z", "x", "y"]
    assert rejoined(["x", "y", "z"], known) == ("x, y, z",)
    assert rejoined(["y", "x"], known) == ("y", "x")
    assert rejoined(["x", "z"], known) == ()
    assert rejoined([], known) == ()
