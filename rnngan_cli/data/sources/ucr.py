"""Three sets of the UCR and UEA archives with classes, read from the installed package sktime (extra `ucr`).

Their two files, training and testing series, are read one after the other and split anew, as every set here. NOTICE.md
says where they come from.
"""

import functools
from pathlib import Path

from rnngan_cli.data.packages import PackageFiles
from rnngan_cli.data.source import DataOptions, Raw, Source, numbered_features

SHORTEST_VOWEL = 7
"""Steps of the shortest series of `vowels`: windows of as many steps leave none of them out."""


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
    from rnngan_cli.data.formats.ts import parse_ts

    parts = [parse_ts(Path(name), content, "error") for name, content in package.read(owner).items()]
    return Raw(
        series=[one for part in parts for one in part.series],
        feature_names=features,
        labels=[one for part in parts if part.labels is not None for one in part.labels],
        label_names=parts[0].label_names,
    )


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
