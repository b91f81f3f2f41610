"""The least data that is enough: the number that a message asks for runs through, and one less is refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli.config import DataConfig
from rnngan_cli.data.enough import Cut, blocks_used, part_sizes, refuse_record, rows_for_one, rows_needed
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError
from tests.support.processes import finish, launch
from tests.support.tables import loaded, refusal


def is_enough(rows: int, cut: Cut) -> bool:
    """Whether some number of blocks gives each part enough windows, by walking through every block of the record."""
    for used in range(1, cut.blocks + 1):
        if min(part_sizes(rows // used)) < cut.window:
            continue  # a block has no window in one of its parts
        counts = [0, 0, 0]
        for block in range(used):
            size = (block + 1) * rows // used - block * rows // used
            for part, length in enumerate(part_sizes(size)):
                counts[part] += len(range(0, length - cut.window + 1, cut.stride))
        if counts[0] >= cut.train and min(counts[1:]) >= 2:
            return True
    return False


@pytest.mark.parametrize("window", [1, 2, 3, 7, 24, 100])
def test_rows_for_one_window_in_each_part(window: int) -> None:
    assert rows_for_one(window) == next(rows for rows in range(1, 1000) if min(part_sizes(rows)) >= window)


@pytest.mark.parametrize("window", [1, 3, 24])
@pytest.mark.parametrize("stride", [1, 2, 24, 60])
@pytest.mark.parametrize("blocks", [1, 2, 5])
@pytest.mark.parametrize("train", [1, 4])
def test_rows_needed_is_the_least_that_is_enough(window: int, stride: int, blocks: int, train: int) -> None:
    cut = Cut(window, stride, blocks, train)
    found = rows_needed(cut)
    assert not any(is_enough(rows, cut) for rows in range(1, found))
    for rows in range(found, found + 300):
        assert bool(blocks_used(rows, cut)) == is_enough(rows, cut)
        asked = int(re.findall(r"at least (\d+) rows", str(refuse_record(rows, cut)))[0])
        assert asked > rows and is_enough(asked, cut)  # also where a row more takes a window from the training part


def prepare(count: int, steps: int, **fields: object) -> None:
    values = np.random.default_rng(0).normal(size=(count, steps, 1))
    prepare_dataset(Raw(values, ("x",)), DataConfig.model_validate(fields), name="test")


@pytest.mark.parametrize(
    ("count", "fields", "advised"),
    [
        (1, {}, "expected at least 14 series"),  # 15 % of 14 is 2, of 13 it is 1
        (9, {}, "expected at least 14 series, or `--window 11` or less"),
        (13, {"labels": "none"}, "expected at least 14 series, or `--window 11` or less"),
        (13, {"labels": "none", "stride": 5}, "expected at least 14 series, or `--window 7` or less"),
        (3, {}, "expected at least 14 series, or `--window 9` or less"),  # four windows of the one series to cluster
        (3, {"window": 11}, "expected at least 4 series, or `--window 9` or less"),  # two series of two windows
        (3, {"window": 12, "stride": 12}, "expected at least 14 series"),
    ],
)
def test_too_few_series_and_the_advice_followed(count: int, fields: dict[str, object], advised: str) -> None:
    with pytest.raises(UserError, match=rf"^{count} series: too few; .*; {re.escape(advised)}$"):
        prepare(count, 12, **fields)
    needed = int(re.findall(r"at least (\d+) series", advised)[0])
    prepare(needed, 12, **fields)
    with pytest.raises(UserError, match=f"at least {needed} series"):
        prepare(needed - 1, 12, **fields)
    for window in re.findall(r"--window (\d+)", advised):
        prepare(count, 12, **{**fields, "window": int(window)})
        with pytest.raises(UserError, match="too few"):
            prepare(count, 12, **{**fields, "window": int(window) + 1})


def test_a_record_that_is_too_short_and_the_advice_followed(tmp_path: Path) -> None:
    path = tmp_path / "mine.npy"
    np.save(path, np.random.default_rng(0).normal(size=(150, 2)))
    message = refusal(path)
    assert message.endswith("expected at least 167 rows, or `--window 21` or less")  # 15 % of 150: 22, of 167: 25
    assert len(loaded(path, window=21).test) == 2
    assert "too few for windows of 22 steps" in refusal(path, window=22)
    values = np.random.default_rng(0).normal(size=(167, 2))
    np.save(path, values[:-1])
    assert "166 rows: too few" in refusal(path)
    np.save(path, values)
    assert len(loaded(path).test) == 2
    np.save(path, np.arange(7.0)[:, None] ** 2)
    assert refusal(path, window=1) == (
        "7 rows: too few for windows of 1 steps in a training, validation and test part; expected at least 8 rows"
    )


@pytest.mark.parametrize("shape", [(14, 12, 2), (167, 2)])
def test_what_is_just_enough_is_trained_and_scored(shape: tuple[int, ...], tmp_path: Path) -> None:
    """By the default protocol, with a loss that is fed labels, which are derived here."""
    np.save(tmp_path / "few.npy", np.random.default_rng(0).normal(size=shape))
    words = "train --loss cgan --data few.npy --steps 2 -o out --json"
    code, told = finish(launch(*words.split(), cwd=tmp_path))
    assert code == 0, told
