"""Labels given and derived."""

from collections.abc import Callable

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from rnngan_cli.data.dataset import Split, SplitName
from rnngan_cli.data.labels import cluster, encode_labels, label_parts
from rnngan_cli.errors import UserError

CENTRES = np.array([[0, 0], [0, 9], [9, 0], [9, 9]], dtype=np.float32)


def four_heaps(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Series of 2 steps around four centres far apart, and which centre each is from."""
    draw = np.random.default_rng(seed)
    heap = draw.integers(0, 4, count)
    return (CENTRES[heap] + draw.normal(0, 0.5, (count, 2))).astype(np.float32)[..., None], heap


def parts_of(train: np.ndarray, labels: np.ndarray | None = None) -> dict[SplitName, Split]:
    return {part: Split(train, labels) for part in ("train", "validation", "test")}


def test_clusters_find_four_heaps_in_every_part() -> None:
    train, test = four_heaps(400, 0), four_heaps(100, 1)
    found = cluster(train[0], [train[0], test[0]])
    heaps = np.concatenate([train[1], test[1]])
    names = dict(zip(np.concatenate(found).tolist(), heaps.tolist(), strict=True))
    assert sorted(names) == [0, 1, 2, 3]
    assert [names[label] for label in np.concatenate(found).tolist()] == heaps.tolist()
    assert found[0].dtype == np.int32


def test_clusters_standardise_each_value() -> None:
    train, heap = four_heaps(400, 0)
    train = train * np.array([1, 1e-4], dtype=np.float32)[:, None]  # unscaled, the second step would not count
    (found,) = cluster(train, [train])
    assert all(len(set(heap[found == label].tolist())) == 1 for label in range(4))


def test_clusters_are_the_same_twice_and_ignore_what_is_constant() -> None:
    train, _ = four_heaps(200, 3)
    wide = np.concatenate([train, np.full_like(train, 0.1)], axis=2)
    first, second = cluster(wide, [wide])[0], cluster(wide, [wide])[0]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, cluster(train, [train])[0])


def test_clusters_of_many_series_are_fitted_on_some() -> None:
    train, heap = four_heaps(45_000, 0)
    (found,) = cluster(train, [train])
    agree = sum((heap[found == label] == np.bincount(heap[found == label]).argmax()).sum() for label in range(4))
    assert agree == len(heap)


def test_clusters_are_found_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many the process may use: their number decides how sums are rounded, and several wait for each other."""
    from sklearn.cluster import KMeans

    seen: list[set[int]] = []

    def threads() -> None:
        seen.append({pool["num_threads"] for pool in threadpool_info()})

    def watched(own: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **more: object) -> object:
            threads()
            return own(*given, **more)

        return call

    train, _ = four_heaps(100, 0)
    for name in ("fit", "predict"):
        monkeypatch.setattr(KMeans, name, watched(getattr(KMeans, name)))
    with threadpool_limits(limits=2):
        threads()
        cluster(train, [train])
        threads()
    assert 2 in seen[0] and 2 in seen[-1]
    assert seen[1:-1] == [{1}, {1}]


def test_derived_refuses_too_few_or_equal_series() -> None:
    with pytest.raises(UserError, match="`--labels derived`: 3 training series, expected at least 4"):
        cluster(np.arange(6.0).reshape(3, 2, 1), [])
    with pytest.raises(UserError, match="`--labels derived`: expected at least 4 different training series"):
        cluster(np.ones((50, 2, 1), dtype=np.float32), [])


def test_label_parts_by_kind() -> None:
    series, heap = four_heaps(60, 0)
    given = parts_of(series, (heap % 2).astype(np.int32))
    bare = parts_of(series)
    assert label_parts(given, "auto", ("a", "b")).origin == "given"
    assert label_parts(given, "given", ("a", "b")).names == ("a", "b")
    assert label_parts(bare, "auto", ()).origin == "derived"
    derived = label_parts(given, "derived", ("a", "b"))
    assert derived.names == ("cluster 0", "cluster 1", "cluster 2", "cluster 3") and derived.origin == "derived"
    none = label_parts(given, "none", ("a", "b"))
    assert none.names == () and all(part.labels is None for part in none.parts.values())
    with pytest.raises(UserError, match="`--labels given`: this data has no labels"):
        label_parts(bare, "given", ())


@pytest.mark.parametrize(
    ("values", "codes", "names"),
    [
        ([3, 1, 3], [1, 0, 1], ("1", "3")),
        ([10.0, 9.0], [1, 0], ("9", "10")),
        (["10", "9"], [1, 0], ("9", "10")),  # whole numbers sort by value
        (["01", "1"], [0, 1], ("01", "1")),  # and are not merged
        (["walk", "run", "walk"], [1, 0, 1], ("run", "walk")),
        ([True, False], [1, 0], ("False", "True")),
    ],
)
def test_encode(values: list[object], codes: list[int], names: tuple[str, ...]) -> None:
    found, found_names = encode_labels(np.array(values), "column `y`")
    assert found.tolist() == codes and found_names == names and found.dtype == np.int32


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1.0, 2.5]), "column `y`: label 2.5: expected whole numbers or text"),
        (np.array([1.0, np.nan]), "column `y`: label nan: expected whole numbers or text"),
        (np.arange(1001), "column `y`: 1001 different labels, expected at most 1000; is it a measurement?"),
    ],
)
def test_encode_refuses(values: np.ndarray, message: str) -> None:
    with pytest.raises(UserError) as caught:
        encode_labels(values, "column `y`")
    assert message in str(caught.value)
