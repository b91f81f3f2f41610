"""What every record is checked for, and how values from a file or the command line become a record."""

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rnngan_cli.errors import UserError, unknown

SCHEMA_VERSION = 1
MOST_WHOLE = 2**31 - 1
"""Largest allowed count or width (int32, as in TensorFlow)."""
LARGEST_STORED_SCORE = 1e30
"""Largest size of a score that is stored, so that squares can be summed."""
OptionValue = bool | int | float | str
"""A value of an option of a loss or data set."""
Table = dict[str, Any]
"""Values by key, as read from a file or given on the command line, before they are checked."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Frozen(BaseModel):
    """A record that cannot be changed, knows no other keys, and holds no whole number above `MOST_WHOLE`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_whole_numbers(self) -> Self:
        for name, value in vars(self).items():
            if isinstance(value, int) and value > MOST_WHOLE:
                raise ValueError(f"`{name}` should be at most {MOST_WHOLE}")
        return self


Model = TypeVar("Model", bound=BaseModel)


def build(model: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """Validates values as a frozen record.

    Args:
        model: class of the record.
        values: values by field, as read from a file or given on the command line.
        where: origin of the values, such as the name of a file, for errors.

    Raises:
        UserError: a value is wrong or a key unknown; the message names the first fault and the nearest known key.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(f"{where}: {_one_line(model, error)}") from error


def _one_line(model: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    path = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith("literal[")
    )  # parts of a union of literals
    if first["type"] == "extra_forbidden":
        owner = model
        for part in first["loc"][:-1]:
            inner = owner.model_fields[str(part)].annotation
            owner = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else owner
        return str(unknown("key", str(first["loc"][-1]), owner.model_fields))
    given = repr(first["input"])[:60]
    given = given if len(given) < 60 else given[:57] + "..."
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"`{path} = {given}`: {first['msg'][0].lower()}{first['msg'][1:]}{more}"
