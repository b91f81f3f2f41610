"""Series of different lengths: refused with advice that works, or left out and counted."""

import re

import numpy as np
import pytest

from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.enough import Cut
from rnngan_cli.data.lengths import choose_window, leave_out_short
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError


def series_of(*lengths: int, ids: str = "", labels: bool = False) -> Raw:
    """Series of these lengths, each of values that tell which one it is; labels by turns."""
    values = [np.full((length, 1), 100.0 * index) for index, length in enumerate(lengths)]
    given = [np.full(length, index % 2) for index, length in enumerate(lengths)] if labels else None
    return Raw(values, ("x",), labels=given, label_names=("even", "odd") if labels else (), ids=tuple(ids))


def prepared(raw: Raw, **fields: object) -> Dataset:
    return prepare_dataset(raw, DataConfig.model_validate({"labels": "none", **fields}), name="test")


def refusal(raw: Raw, **fields: object) -> str:
    with pytest.raises(UserError) as caught:
        prepared(raw, **fields)
    return str(caught.value)


def origins(dataset: Dataset) -> set[int]:
    parts = [dataset.scaler.inverse(part.series) for part in (dataset.train, dataset.validation, dataset.test)]
    return {round(value / 100) for part in parts for value in part[:, 0, 0]}


def test_unequal_lengths_need_a_window() -> None:
    raw = series_of(7, 3, 9, 8, 8, ids="abcde")
    assert refusal(raw) == (  # two windows of each series: one of the two shortest may be all that scores are taken on
        "series of unequal lengths: series `b` is the shortest with 3 steps, series `c` the longest with 9; "
        "give `--window N` with N up to 2, or up to 6 with `--short drop`"
    )
    assert prepared(raw, window=2).steps == 2
    assert prepared(raw, window=6, short="drop").steps == 6
    assert choose_window(raw, 4, Cut(1)) == 4


def test_windows_of_many_series_may_be_as_long_as_the_shortest() -> None:
    raw = series_of(*[6] * 14, 4, 9)
    assert refusal(raw).endswith("give `--window N` with N up to 4, or up to 6 with `--short drop`")
    assert prepared(raw, window=4).steps == 4
    assert prepared(raw, window=6, short="drop").steps == 6


def test_no_advice_to_leave_out_where_too_few_would_stay() -> None:
    assert refusal(series_of(5, 3, 9, 3)).endswith("give `--window N` with N up to 2")
    assert refusal(series_of(5, 3, 9, 3), window=5).endswith("which has 3 steps; give `--window N` with N up to 2")


def test_a_window_longer_than_a_series_is_refused_with_what_would_be_left_out() -> None:
    raw = series_of(8, 3, 9, 4, 12, ids="abcde")  # three series of at least 7 steps have two windows of 6 or more
    assert refusal(raw, window=6) == (
        "`--window 6`: longer than series `b`, which has 3 steps; `--short drop` leaves out 2 of 5 series; "
        "or give `--window N` with N up to 2, or up to 7 with `--short drop`"
    )
    dataset = prepared(raw, window=6, short="drop")
    assert dataset.notes[0] == "2 of 5 series are shorter than 6 steps and left out (`--short drop`)"
    assert origins(dataset) == {0, 2, 4}


def test_the_longest_window_that_is_advised_works() -> None:
    raw = series_of(8, 3, 9, 4, 12)
    words = refusal(raw, window=9, short="drop")
    assert words.startswith("2 series: too few; the validation and the test part need 2 windows of 9 steps each")
    found = re.search(r"or `--window (\d+)` or less", words)
    assert found is not None and prepared(raw, window=int(found[1]), short="drop").steps == 7
    assert refusal(raw, window=13, short="drop").startswith(
        "`--window 13`: longer than all 5 series; give `--window N`"
    )


def test_labels_and_ids_stay_with_their_series() -> None:
    raw = series_of(2, 5, 6, 1, 7, 8, ids="abcdef", labels=True)
    kept = leave_out_short(raw, Cut(5), "drop")
    assert kept.ids == ("b", "c", "e", "f")
    assert kept.labels is not None and [labels[0] for labels in kept.labels] == [1, 0, 0, 1]
    assert [values[0, 0] for values in kept.series] == [100, 200, 400, 500]
    assert kept.label_names == ("even", "odd")


def test_drop_changes_nothing_where_all_are_long_enough() -> None:
    raw = series_of(*[5] * 14)
    assert leave_out_short(raw, Cut(5), "drop") is raw
    assert prepared(raw, short="drop").sha256 == prepared(raw).sha256
    record = Raw((np.arange(300.0)[:, None],), ("x",), record=True)
    assert leave_out_short(record, Cut(400), "drop") is record  # too few rows are another fault
