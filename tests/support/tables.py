"""Files of data as a user has them: written, loaded, and refused with one line of reason."""

from pathlib import Path

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.files import load_file
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError


def table(rows: int = 400, header: str = "a,b") -> list[str]:
    """Lines of a table: `a` is the row number, `b` its square."""
    return [header, *(f"{row},{row * row}" for row in range(rows))]


def write(folder: Path, lines: list[str], name: str = "mine.csv") -> Path:
    """Writes lines as a file and returns its path."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def raw_of(path: Path, **fields: object) -> Raw:
    """The series of a file as they are read, neither split nor scaled."""
    return load_file(DataConfig.model_validate({"file": str(path), **fields}))


def loaded(path: Path, **fields: object) -> Dataset:
    """The prepared data set of a file."""
    return data.load(DataConfig.model_validate({"file": str(path), **fields}))


def refusal(path: Path, **fields: object) -> str:
    """The one line that a file is refused with, without the file's folder."""
    with pytest.raises(UserError) as caught:
        loaded(path, **fields)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{path.parent}/", "")


def write_short_sines(path: Path) -> None:
    """Writes a CSV of 150 sines of four steps each, with a column that names them: the least that can be chosen on."""
    phases = np.random.default_rng(0).uniform(0, 6, 150)
    rows = [f"{place},{np.sin(phase + step / 2):.4f}" for place, phase in enumerate(phases) for step in range(4)]
    path.write_text("\n".join(["id,x", *rows]) + "\n")
