"""Options of a loss or a data set: defaults filled in, types kept, everything else refused in one line."""

import pytest

from rnngan_cli.config import OptionValue
from rnngan_cli.config.options import Option, resolve_options
from rnngan_cli.errors import UserError

OPTIONS = {
    "weight": Option(1.0, "A float.", low=0, high=2),
    "count": Option(10, "A whole number.", low=2),
    "form": Option("paper", "A word.", ("paper", "reverse")),
    "on": Option(False, "A switch."),
}


def test_defaults_are_filled_in() -> None:
    assert resolve_options("toy", OPTIONS, {}) == {"weight": 1.0, "count": 10, "form": "paper", "on": False}


def test_given_values_replace_defaults() -> None:
    given: dict[str, OptionValue] = {"form": "reverse", "count": 2, "weight": 0.5, "on": True}
    assert resolve_options("toy", OPTIONS, given) == given


def test_the_order_is_that_of_the_declaration() -> None:
    assert list(resolve_options("toy", OPTIONS, {"on": True, "weight": 0.1})) == list(OPTIONS)


def test_a_whole_number_for_a_float_becomes_one() -> None:
    value = resolve_options("toy", OPTIONS, {"weight": 2})["weight"]
    assert value == 2
    assert isinstance(value, float)  # so that 2 and 2.0 are the same run


@pytest.mark.parametrize(("name", "value"), [("weight", 0), ("weight", 2), ("weight", 2.0), ("count", 2)])
def test_both_ends_of_a_range_are_allowed(name: str, value: OptionValue) -> None:
    assert resolve_options("toy", OPTIONS, {name: value})[name] == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("weight", -0.001, "a number from 0 to 2"),
        ("weight", 2.001, "a number from 0 to 2"),
        ("weight", "1", "a number from 0 to 2"),
        ("weight", True, "a number from 0 to 2"),
        ("weight", float("nan"), "a number from 0 to 2"),
        ("weight", float("inf"), "a number from 0 to 2"),
        ("count", float("inf"), "a whole number from 2"),
        ("count", 10**400, "a whole number from 2"),  # no float holds it
        ("count", 1, "a whole number from 2"),
        ("count", 2.5, "a whole number from 2"),
        ("count", True, "a whole number from 2"),
        ("form", "papr", "one of paper, reverse"),
        ("form", 1, "one of paper, reverse"),
        ("on", 1, "true or false"),
        ("on", "true", "true or false"),
    ],
)
def test_a_value_of_the_wrong_type_or_out_of_range_is_refused(name: str, value: OptionValue, expected: str) -> None:
    with pytest.raises(UserError) as error:
        resolve_options("toy", OPTIONS, {name: value})
    default = OPTIONS[name].default
    assert str(error.value) == f"`toy.{name} = {value}`: expected {expected}; the default is {default}"


def test_an_unknown_option_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(UserError, match=r"option of `toy`.*`?wieght`?.*weight"):
        resolve_options("toy", OPTIONS, {"wieght": 1})


def test_an_owner_without_options_says_so() -> None:
    with pytest.raises(UserError, match="`bce` has no options: leave out `weight`"):
        resolve_options("bce", {}, {"weight": 1.0})
