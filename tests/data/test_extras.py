"""The data sets that extras install, against values taken from their files by other means."""

import functools
import io
import os
import re
import shutil
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.data.source import Raw
from rnngan_cli.data.sources import chorales, energy
from rnngan_cli.errors import UserError

Rnngan = Callable[..., tuple[int, str, str]]

EXTRAS = {"power": "ucr", "vowels": "ucr", "motions": "ucr", "chorales": "music", "energy": "energy"}
PROJECTS = {"ucr": "sktime", "music": "music21", "energy": "sunpeek_exampledata"}


def needs(name: str) -> pytest.MarkDecorator:
    """Skips a test where the extra of a data set is not installed."""
    return pytest.mark.skipif(not data.SOURCES[name].is_installed, reason=f"extra `{EXTRAS[name]}` is not installed")


@functools.cache
def raw_of(name: str) -> Raw:
    source = data.SOURCES[name]
    return source.load({key: option.default for key, option in source.options.items()}, source.window)


def file_of(project: str, path: str) -> Path:
    spec = find_spec(project)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / path


def raw_lines(name: str) -> list[str]:
    """Lines of the training file, then of the testing file, that are series."""
    files = [file_of("sktime", f"datasets/data/{name}/{name}_{part}.ts") for part in ("TRAIN", "TEST")]
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return [line for line in lines if line and line[0] not in "#@"]


def test_extras_of_the_data_sets() -> None:
    assert {name: source.extra for name, source in data.SOURCES.items() if source.extra} == EXTRAS
    assert set(data.INCLUDED) | set(EXTRAS) == set(data.SOURCES)


@pytest.mark.skipif(not os.environ.get("RNNGAN_NEEDS_DATA"), reason="CI has every extra with data")
def test_every_extra_is_installed_where_it_has_to_be() -> None:
    assert [name for name in EXTRAS if not data.SOURCES[name].is_installed] == []


SHAPES = {
    "power": (1096, 24, 1, {"1": 547, "2": 549}),
    "vowels": (640, 7, 12, dict(zip("123456789", (61, 65, 118, 74, 59, 54, 70, 80, 59), strict=True))),
    "motions": (80, 100, 6, dict.fromkeys(("Standing", "Running", "Walking", "Badminton"), 20)),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in SHAPES])
def test_ucr_series_and_classes(name: str) -> None:
    count, shortest, features, classes = SHAPES[name]
    raw = raw_of(name)
    assert len(raw.series) == count and min(map(len, raw.series)) == shortest
    assert {one.shape[1] for one in raw.series} == {features} == {len(raw.feature_names)}
    assert raw.labels is not None and raw.label_names == tuple(classes)
    assert Counter(raw.label_names[label[0]] for label in raw.labels) == classes
    assert all(
        len(set(label)) == 1 and len(label) == len(one) for label, one in zip(raw.labels, raw.series, strict=True)
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param("power", "ItalyPowerDemand", marks=needs("power")),
        pytest.param("vowels", "JapaneseVowels", marks=needs("vowels")),
        pytest.param("motions", "BasicMotions", marks=needs("motions")),
    ],
)
def test_ucr_values_are_those_of_the_files(name: str, file: str) -> None:
    raw, lines = raw_of(name), raw_lines(file)
    assert raw.labels is not None
    assert len(lines) == len(raw.series)
    for index in (0, 1, len(lines) // 2, len(lines) - 1):
        *words, label = re.split("[,:]", lines[index])  # one dimension after the other, then the class
        assert raw.series[index].T.ravel().tolist() == [float(word) for word in words]
        assert raw.label_names[raw.labels[index][0]] == label


@needs("power")
def test_power_begins_as_its_file_does() -> None:
    assert raw_of("power").series[0][:3, 0].tolist() == [-0.71051757, -1.1833204, -1.3724416]


@needs("vowels")
def test_vowels_have_lengths_of_7_to_29_and_a_rule_for_them() -> None:
    lengths = [len(one) for one in raw_of("vowels").series]
    assert (min(lengths), max(lengths)) == (7, 29)
    dataset = data.load(DataConfig(name="vowels"))
    parts = (dataset.train, dataset.validation, dataset.test)
    assert sum(map(len, parts)) == sum(length - 6 for length in lengths) == 6121
    assert dataset.notes == () and dataset.num_labels == 9
    with pytest.raises(UserError, match=r"`--short drop` leaves out 198 of 640 series"):
        data.load(DataConfig(name="vowels", window=14))
    longer = data.load(DataConfig(name="vowels", window=14, short="drop"))
    assert longer.notes == ("198 of 640 series are shorter than 14 steps and left out (`--short drop`)",)
    assert sum(map(len, (longer.train, longer.validation, longer.test))) == sum(max(0, n - 13) for n in lengths)


# chorales: those of BWV 269 written out from the printed score; all 364 agree with what music21 10.5.1 itself reads.


@needs("chorales")
def test_chorales_are_on_a_grid_of_eighth_notes() -> None:
    raw = raw_of("chorales")
    assert len(raw.series) == len(raw.ids) == 364 and raw.feature_names == ("soprano", "alto", "tenor", "bass")
    assert sum(map(len, raw.series)) == 39690 and min(map(len, raw.series)) == 48
    rows = np.concatenate(list(raw.series))
    assert (rows == np.rint(rows)).all()
    assert list(zip(rows.min(axis=0), rows.max(axis=0), strict=True)) == [(57, 81), (53, 74), (48, 69), (36, 64)]
    soprano = raw.series[raw.ids.index("bwv269")][:14, 0]
    # G4 as an upbeat | G4 a half, D5 | B4 dotted, A4 an eighth, G4
    assert soprano.tolist() == [67, 67, 67, 67, 67, 67, 74, 74, 71, 71, 71, 69, 67, 67]


@needs("chorales")
def test_chorales_give_3846_windows_a_bar_apart() -> None:
    dataset = data.load(DataConfig(name="chorales", labels="none", options={"hop": 8}))
    assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == 3846
    assert dataset.train.series.shape[1:] == (32, 4)
    assert {column.form for column in dataset.format.columns} == {"whole"}  # generated pitches are whole, too
    first, second = dataset.train.series[:2]
    np.testing.assert_array_equal(first[8:], second[:-8])
    dense = data.load(DataConfig(name="chorales", labels="none", options={"hop": 4}, stride=2))
    assert dense.sha256 == dataset.sha256  # every second of the windows half a bar apart


@needs("chorales")
@pytest.mark.parametrize("name", ["bwv269", "bwv7.7", "bwv299", "bwv244.10"])
def test_chorales_are_what_music21_reads(name: str) -> None:
    converter = pytest.importorskip("music21.converter", exc_type=ImportError)
    raw = raw_of("chorales")
    ours = raw.series[raw.ids.index(name)]
    score = converter.parse(file_of("music21", f"corpus/bach/{name}.mxl"), forceSource=True)
    for voice, part in enumerate(score.parts):
        for sound in part.flatten().notes:
            steps = np.arange(np.ceil(2 * sound.offset), np.ceil(2 * (sound.offset + sound.quarterLength)))
            assert (ours[steps.astype(int), voice] == sound.pitch.midi).all()


def score_of(*voices: str, before: str = "") -> bytes:
    """A file `.mxl` with a part for each of the texts."""
    parts = "".join(f"<part><measure>{voice}</measure></part>" for voice in voices)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("META-INF/container.xml", '<container><rootfile full-path="a.xml"/></container>')
        archive.writestr("a.xml", f"{before}<score-partwise>{parts}</score-partwise>")
    return content.getvalue()


def sound(words: str, duration: int) -> str:
    """A note such as `C4` or `B-3`, or the rest `R`."""
    step, alter, octave = words[0], "<alter>-1</alter>" if "-" in words else "", words[-1]
    pitch = "<rest/>" if words == "R" else f"<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>{duration}</duration></note>"


def test_a_score_is_read_with_rests_short_notes_and_upbeats() -> None:
    quarter = "<attributes><divisions>4</divisions></attributes>"  # a quarter note has 4, an eighth 2
    voices = [
        quarter + sound("C4", 4) + sound("R", 4) + sound("B-3", 4),  # 60 for two steps, held for two, 58
        quarter + sound("R", 2) + sound("D4", 10),  # begins with a rest: its first pitch
        quarter + sound("E4", 1) + sound("F4", 1) + sound("G4", 10),  # F4 begins and ends between two steps
        quarter + sound("A3", 3) + "</measure><measure>" + sound("C3", 9) + "<barline/>",  # an upbeat
    ]
    found = chorales.parse_score(score_of(*voices))
    assert found is not None
    assert found.T.tolist() == [[60, 60, 60, 60, 58, 58], [62] * 6, [64, 67, 67, 67, 67, 67], [57, 57, 48, 48, 48, 48]]
    assert chorales.parse_score(score_of(*voices[:3])) is None


def test_a_score_that_declares_entities_is_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "cccccccc"><!ENTITY d "&b;&b;&b;&b;">]>'
    with pytest.raises(UserError, match=r"`a\.xml`: declares XML entities, which are not read"):
        chorales.parse_score(score_of("&d;", before=bomb))


def condat_lines() -> list[str]:
    file = file_of("sunpeek_exampledata", "Condat/Condat__2020-05-01__2020-05-31__1m.csv")
    return file.read_text("utf-8").splitlines()


@needs("energy")
def test_energy_is_means_of_ten_minutes_of_measured_channels() -> None:
    (record,) = raw_of("energy").series
    assert record.shape == (31 * 24 * 6, 20) and np.isfinite(record).all()
    lines = (
        file_of("sunpeek_exampledata", "Condat/Condat__2020-05-01__2020-05-31__1m.csv").read_text("utf-8").split("\n")
    )
    columns = lines[0].split(";")
    assert set(columns) == {"Time", *energy.CHANNELS, *energy.COMPUTED}
    # the first ten flows are 24.99 25.01 25.01 24.98 25.01 25.00 25.00 24.99 25.00 24.99: 249.98 in all
    assert record[0, 0] == pytest.approx(24.998)
    wind = [float(line.split(";")[-1]) for line in lines[2 + 44630 : 2 + 44640]]
    assert record[-1, -1] == pytest.approx(sum(wind) / 10)


@needs("energy")
def test_energy_leaves_the_empty_minute_out_of_its_mean() -> None:
    (record,) = raw_of("energy").series
    lines = (
        file_of("sunpeek_exampledata", "Condat/Condat__2020-05-01__2020-05-31__1m.csv").read_text("utf-8").split("\n")
    )
    first = next(index for index, line in enumerate(lines) if line.startswith("2020-05-16 20:40"))
    rows = [line.split(";") for line in lines[first : first + 10]]
    assert rows[3] == ["2020-05-16 20:43:00+00:00", *[""] * 23]
    column = lines[0].split(";").index("T_outdoor_1 (TT140.4)")
    mean = sum(float(row[column]) for row in rows if row[column]) / 9
    assert record[(first - 2) // 10, list(energy.CHANNELS.values()).index("outdoor_1")] == pytest.approx(mean)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the packages can be found."""
    for project in PROJECTS.values():
        monkeypatch.setitem(sys.modules, project, None)


@pytest.mark.usefixtures("bare")
def test_without_extras_sets_are_listed_and_refused_with_the_way_out(rnngan: Rnngan) -> None:
    code, out, _ = rnngan("datasets")
    assert code == 0
    for name, extra in EXTRAS.items():
        assert re.search(rf"^{name} +not installed: pip install 'rnngan\[{extra}\]'$", out, re.MULTILINE)
        facts = data.describe_dataset(name)
        assert not facts.installed and facts.steps is None and facts.series == {} and facts.licence
        code, _, err = rnngan("sweep", "--losses", "bce", "--datasets", name, "--dry-run")
        assert code == 2 and f"needs {PROJECTS[extra].replace('_', '-')}, which is not installed: pip install" in err
    assert "install" in rnngan("datasets", "power")[1]


@needs("power")
def test_another_version_of_the_data_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rnngan: Rnngan
) -> None:
    files = [Path(path) for path in data.SOURCES["power"].package.files]  # type: ignore[union-attr]
    for path in files:
        (tmp_path / "site" / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file_of("sktime", str(Path(*path.parts[1:]))), tmp_path / "site" / path)
    (tmp_path / "site" / "sktime" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    sound_copy = data.load(DataConfig(name="power"))
    assert len(sound_copy.train) == 768
    with (tmp_path / "site" / files[1]).open("a", encoding="utf-8") as file:
        file.write("\n")
    code, _, err = rnngan("sweep", "--losses", "bce", "--datasets", "power", "--dry-run")
    assert code == 2
    assert f"data set `power`: `{files[1]}` of sktime" in err
    assert err.rstrip().endswith("pip install --force-reinstall --no-deps sktime==1.2.0")
    assert "ItalyPowerDemand_TEST.ts" in rnngan("doctor")[1]


def test_all_is_every_set_without_extra_and_says_so(rnngan: Rnngan) -> None:
    arguments = ("sweep", "--losses", "bce", "--seeds", "1", "--dry-run", "-s", "data.labels=none")
    code, out, err = rnngan(*arguments, "--datasets", "all")
    assert code == 0 and out.count("to do ") == len(data.INCLUDED) == 6
    assert "name others to add them: power, vowels, motions, chorales, energy" in err
