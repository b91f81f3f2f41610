"""Three sets of the UCR and UEA archives with classes, read from the installed package sktime (extra `ucr`).

Their two files, training and testing series, are read one after the other and split anew, as every set here. NOTICE.md
says where they come from. The user's own files in the same format are read elsewhere.
"""

import functools

import numpy as np

from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.packages import PackageFiles
from rnngan_cli.data.source import DataOptions, Raw, Source, numbered_features

SHORTEST_VOWEL = 7
"""Steps of the shortest series of `vowels`: windows of as many steps leave none of them out."""


def parse_ts(text: str) -> tuple[list[FloatArray], list[str], tuple[str, ...]]:
    r"""Reads series in the format of the two archives: values by dimension, then the class, with colons between them.

    Returns:
        Values (steps, features) of each series, the class of each, and the classes in the order of the header.

    >>> values, classes, names = parse_ts("@classLabel true 1 2\n@data\n1,2,3:4,5,6:2\n")
    >>> values[0].tolist(), classes, names
    ([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], ['2'], ('1', '2'))
    """
    header, _, body = text.partition("@data\n")
    named = next(line for line in header.splitlines() if line.startswith("@classLabel true"))
    series, classes = [], []
    for line in body.splitlines():
        *dimensions, label = line.split(":")
        series.append(np.array([[float(word) for word in one.split(",")] for one in dimensions]).T)
        classes.append(label)
    return series, classes, tuple(named.split()[2:])


def load(package: PackageFiles, owner: str, features: tuple[str, ...], options: DataOptions, steps: int) -> Raw:
    """Reads the files of a set, with a class for every series.

    Args:
        package: the files.
        owner: name of the set.
        features: name of each feature.
        options: none.
        steps: not used, as the series are as they are.

    Raises:
        UserError: the package is not installed, or not the one expected.
    """
    series: list[FloatArray] = []
    classes: list[str] = []
    names: tuple[str, ...] = ()
    for content in package.read(owner).values():
        more, their_classes, names = parse_ts(content.decode("utf-8"))
        series += more
        classes += their_classes
    numbers = {name: number for number, name in enumerate(names)}
    labels = [np.full(len(one), numbers[label]) for one, label in zip(series, classes, strict=True)]
    return Raw(series=series, feature_names=features, labels=labels, label_names=names)


def _files(name: str, train: str, test: str) -> PackageFiles:
    folder = f"sktime/datasets/data/{name}/{name}"
    return PackageFiles("ucr", "sktime", "1.2.0", {f"{folder}_TRAIN.ts": train, f"{folder}_TEST.ts": test})


def _source(
    name: str, summary: str, origin: str, window: int, package: PackageFiles, features: tuple[str, ...]
) -> Source:
    return Source(
        name=name,
        summary=summary,
        origin=origin,
        licence="as the archive gives it; read from sktime, not copied here",
        window=window,
        labels="given",
        load=functools.partial(load, package, name, features),
        package=package,
    )


SOURCES = (
    _source(
        "power",
        "Demand for electricity in Italy by the hour, one day a series, winter or summer half of the year",
        "ItalyPowerDemand of the UCR archive (Keogh et al., Intelligent Icons, ICDM 2006), as carried by sktime",
        24,
        _files(
            "ItalyPowerDemand",
            "341269cb7e6cef96846b30e774580beec79addb93848ba360145219115a74b7c",
            "26122451f87dd0387ef90b18bc8a86c041371b8a1c068004922b939971247144",
        ),
        ("demand",),
    ),
    _source(
        "vowels",
        "Two Japanese vowels by nine speakers, 12 coefficients of the voice, 7 to 29 steps, in windows",
        "JapaneseVowels of the UEA archive (Kudo, Toyama and Shimbo, 1999), as carried by sktime",
        SHORTEST_VOWEL,
        _files(
            "JapaneseVowels",
            "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
            "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462",
        ),
        numbered_features(12),
    ),
    _source(
        "motions",
        "Movements of a wrist, 10 seconds of acceleration and rotation, four activities: only 80 series",
        "BasicMotions of the UEA archive, as carried by sktime",
        100,
        _files(
            "BasicMotions",
            "8dc43cc6306cb679c888c01e26f91772ac4441a916da43bac8b79734a538b9d6",
            "79213102bc6fca1a398ad98ce1185dff0208fa3d1465e687f48288946b0ff8dc",
        ),
        ("acceleration_x", "acceleration_y", "acceleration_z", "rotation_x", "rotation_y", "rotation_z"),
    ),
)
