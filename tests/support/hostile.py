"""Hostile input, made at random, and what the program may answer: the targets of the fuzzer and the property tests.

A target takes bytes and accepts them, in which case what it made of them is checked, or refuses them by one line.
Anything else is a finding. Bytes are mutations of valid files, so that most of them are nearly right.
"""

import bz2
import gzip
import io
import json
import math
import os
import random
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from rnngan_cli import data
from rnngan_cli.cli.settings import merge
from rnngan_cli.config import DataConfig, RunConfig, SweepConfig, build, canonical_json, identity
from rnngan_cli.data import forms
from rnngan_cli.data.formats.text import TextOptions, read_text_table
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.groups import read_groups
from rnngan_cli.store import (
    Calibration,
    Provenance,
    SampleGrid,
    Samples,
    Seconds,
    SweepFolder,
    read_checkpoint,
    read_weights,
    write_checkpoint,
    write_weights,
)
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.atomic import npz_bytes
from rnngan_cli.system.npz import Arrays

REFUSALS = (UserError, DamagedFileError)


class FindingError(Exception):
    """The program did with hostile input what it must not."""


def require(true: bool, what: str) -> None:
    """A finding unless `true`."""
    if not true:
        raise FindingError(what)


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes:
        seeds: valid files of the kind.
        feed: gives bytes to the program; true if they were accepted, false if they were refused by one line.
    """

    seeds: tuple[bytes, ...]
    feed: Callable[[bytes], bool]


def answered(call: Callable[[], object]) -> bool:
    """Whether it was accepted; a refusal must be one line of text that moves nothing on a terminal."""
    try:
        call()
    except REFUSALS as error:
        line = str(error)
        require(bool(line) and "\n" not in line and len(line) <= 2100, f"a refusal that is no line: {line!r}")
        require(line.isprintable() or all(ord(one) >= 0xA0 for one in line if not one.isprintable()), f"{line!r}")
        return False
    return True


# Experiments


def feed_experiment(content: bytes, folder: Path) -> bool:
    """A TOML file becomes runs that go through JSON and back to the same, or is refused."""
    path = folder / "e.toml"
    path.write_bytes(content)
    return answered(lambda: check_plan(merge(path, {}, {}, [])))


def check_plan(sweep: SweepConfig) -> None:
    """Every run of a sweep is the same after a way through JSON."""
    json.dumps(sweep.model_dump(mode="json"), allow_nan=False)
    for run in plan(sweep)[:3]:
        check_run(run)


def check_run(run: RunConfig) -> None:
    """A run's config goes through JSON and back to the same, with the same identity."""
    text = canonical_json(run.model_dump(mode="json"))
    again = build(RunConfig, json.loads(text), "run")
    require(again == run and identity(again) == identity(run), f"another run after a way through JSON: {text}")


EXPERIMENTS = tuple(
    "\n".join(lines).encode()
    for lines in (
        ('losses = ["bce", "wgan"]', 'seeds = "0..2"', "[run]", "units = 3", "d_learning_rate = 1e-3"),
        ('cells = "all"', "seeds = [1, 2]", "[data]", "window = 12", "[data.options]", "series = 50"),
        ('datasets = ["digits", "stocks"]', "[grid]", 'optimizer = [{d_optimizer = "sgd"}, {d_beta_1 = 0.9}]'),
        ('losses = "infogan,wgan"', 'profile = "paper"', "[grid]", "units = [2, 3]", "[override.wgan]", "layers = 2"),
    )
)


# Files of data


def feed_data(content: bytes, folder: Path, suffix: str) -> bool:
    """A file becomes finite series, or is refused."""
    path = folder / f"mine{suffix}"
    path.write_bytes(content)
    fields = {"file": str(path), "labels": "given" if suffix == ".npz" else "none", "missing": "interpolate"}
    return answered(lambda: check_dataset(data.load(DataConfig.model_validate({**fields, "window": 3}))))


def feed_sheet(content: bytes, folder: Path, book: bytes) -> bool:
    """The part of a workbook that holds its sheet becomes finite series, or is refused; the rest is sound."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as sound, zipfile.ZipFile(buffer, "w") as changed:
        for name in sound.namelist():
            changed.writestr(name, content if name == SHEET else sound.read(name))
    return feed_data(buffer.getvalue(), folder, ".xlsx")


def check_dataset(dataset: data.Dataset) -> None:
    """Three parts of finite float32 series of one shape."""
    for part in (dataset.train, dataset.validation, dataset.test):
        series = part.series
        require(series.dtype == np.float32 and series.ndim == 3 and len(series) > 0, f"series {series.shape}")
        require(series.shape[1:] == (dataset.steps, dataset.features), f"series {series.shape}")
        require(bool(np.isfinite(series).all()), "series that are not finite")
        require(part.labels is None or len(part.labels) == len(series), "labels of another number")
    require(len(forms.feature_names(dataset.format.columns)) == dataset.features, "names of another number")


def feed_text(content: bytes, folder: Path) -> bool:
    """A file becomes a table of text cells with unique names, or is refused."""
    path = folder / "mine.txt"
    path.write_bytes(content)

    def check() -> None:
        found = read_text_table(path, TextOptions())
        require(len(found.lines) == len(found.frame) > 0, "lines of another number than rows")
        require(found.frame.columns.is_unique, "names that are not unique")
        require(all(str(kind) == "str" for kind in found.frame.dtypes), "cells that are no text")

    return answered(check)


def table(rows: int = 40) -> pd.DataFrame:
    """A table as a user may have it."""
    step = np.arange(rows)
    return pd.DataFrame({"price": np.sin(step) * 9, "volume": step * 7, "kind": np.where(step % 2, "up", "down")})


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def workbook(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
"""The member of a workbook with the cells of its first sheet."""
CUBE = np.arange(20 * 4 * 2, dtype=np.float32).reshape(20, 4, 2)
TABLES = tuple(
    text.encode()
    for text in (
        table()[["price", "volume"]].to_csv(index=False),
        table()[["volume", "price"]].to_csv(index=False, sep=";"),
        'a,"b ""x"""\n' + "".join(f'{row},"{row / 3}"\n' for row in range(30)),
    )
)
JSONS = tuple(
    text.encode()
    for text in (
        table(30).to_json(orient="records"),
        table(30).to_json(orient="records", lines=True),
        table(30).to_json(orient="split"),
        table(30).to_json(),
        json.dumps({"meta": {"a": 1}, "hourly": {"t": list(range(30)), "v": [row % 7 for row in range(30)]}}),
        json.dumps([{"id": row, "values": [row, 2.5, row % 3]} for row in range(30)]),
    )
)
TEXTS = (
    *TABLES,
    *(text.encode("utf-16") for text in ("a;b\n" + "".join(f"{row};{row / 3:.2f}\n" for row in range(30)),)),
    *(
        pack("\n".join(["# a", "t b", *(f"{row} {row}" for row in range(30))]).encode())
        for pack in (gzip.compress, bz2.compress)
    ),
    "Über\r\n\r\nZeit;kW;;\r\ns;[kW];;\r\n".encode("cp1252")
    + b"".join(b"%d;%d,5;;\r\n" % (row, row) for row in range(30)),
)

TS_FILES = tuple(
    "\n".join(lines).encode()
    for lines in (
        ("# words", "@timeStamps false", "@classLabel true a b", "@data", *["1,2,3:4,5,6:a", "1,?,2.5:0,0,0:b"] * 8),
        ("@univariate true", "@equalLength false", "@data", *["1,2,3", "4e-1,5,6,7"] * 8),
    )
)
ARFF_FILES = tuple(
    "\n".join(("@relation x", *head, "@data", *rows)).encode()
    for head, rows in (
        (("@attribute 'a b' numeric", "@attribute c {1,2}"), ["1.5,2", "?,1"] * 20),
        (("% words", "@attribute x real", "@attribute y integer"), [f"{row / 3},{row}" for row in range(40)]),
    )
)


# Runs


TABLED = ("config.json", "status.json", "scores.json", "provenance.json", "calibration")
DRAWN = ("history.csv", "samples.npz", "reference")
"""Files that tables and pictures are made of."""


class Results:
    """A results folder with one finished run, any file of which can be replaced."""

    def __init__(self, folder: Path) -> None:
        self.sweep = SweepFolder(folder / "sweep")
        self.sweep.create(SweepConfig())
        self.config = plan(SweepConfig.model_validate({"losses": "bce", "seeds": 1}))[0]
        self.run = self.sweep.run(self.config)
        self.run.create(self.config)
        state: Arrays = {
            "generator": {"a/kernel": np.arange(6, dtype=np.float32)},
            "optimizer-generator": {"000": np.ones(2)},
        }
        series = np.linspace(0, 1, 12).reshape(2, 3, 2)
        key = ScoreKey("quick", "ab" * 32)
        self.run.write_scores(key, {"sliced_wasserstein": 0.5, "mmd2": 0.25}, {"mmd2": [0.25, 0.5]})
        self.run.write_history([(20, {"d_loss": 1.0, "g_loss": 2.0}), (40, {"d_loss": 0.5, "g_loss": 1.5})])
        self.run.write_timing([(20, 1.0), (40, 2.5)])
        self.run.write_provenance(
            Provenance(versions={"keras": "3"}, updates={"generator": 5}, seconds=Seconds(training=1.0))
        )
        self.run.write_samples(Samples(series, {"label": SampleGrid(("a", "b"), np.zeros((2, 5, 3, 2)))}))
        write_checkpoint(self.run.path, 20, state, [(20, {"d_loss": 1.0, "g_loss": 2.0})])
        write_weights(self.run, state)
        self.run.write_status("done", 20, reason="why")
        self.sweep.write_calibration(
            f"sines-{'ab' * 6}-quick",
            Calibration(candidates={"floor": {"sliced_wasserstein": 0.1}, "ceiling": {"sliced_wasserstein": 0.9}}),
        )
        self.sweep.write_reference(
            f"sines-{'ab' * 6}",
            {"series": series, "feature_names": np.array(["a", "b"]), "image": np.array(False)},
        )

    def files(self) -> dict[str, Path]:
        """Every file that is read back, by a name of its kind."""
        own = (
            "config.json",
            "status.json",
            "scores.json",
            "provenance.json",
            "history.csv",
            "timing.csv",
            "samples.npz",
        )
        parts = {name: self.run.path / name for name in own}
        for folder in ("weights", "checkpoints/step-20"):
            for path in sorted((self.run.path / folder).iterdir()):
                parts[f"{folder.split('/')[0]}/{path.name}"] = path
        parts["calibration"] = next((self.sweep.path / "calibration").iterdir())
        parts["reference"] = next((self.sweep.path / "reference").iterdir())
        return parts

    def look(self, name: str) -> bool:
        """What reads the file `name` of a results folder; true if nothing was told as damage."""
        for run in self.sweep.runs():
            readers = (
                run.config,
                run.status,
                run.scores,
                run.provenance,
                run.history,
                run.samples,
                lambda run=run: read_weights(run),
            )
            answers = [answered(read) for read in readers]  # of every one, whatever the first says
            kept = read_checkpoint(run.path)
            step, state, history, damage = kept.step, kept.state, kept.history, kept.damage
            require((step == 0) == (not state), "half a checkpoint")
            require(all(0 <= number < math.inf for number, _ in history), "a history without steps")
            whole = all(answers) and not damage and bool(run.timing())
        told: list[str] = []
        if name in TABLED:
            _, _, told = refresh(self.sweep)
        elif name in DRAWN:
            groups, told = read_groups(self.sweep)
            told = [*told, *(note for group in groups for note in group.notes)]
        for line in told:
            require("\n" not in line, f"a note that is no line: {line!r}")
        return whole and not told


@contextmanager
def replaced(path: Path, content: bytes) -> Iterator[None]:
    """A file with another content for a while; the manifest of its folder, if it has one, tells the truth of it."""
    from hashlib import sha256

    before = path.read_bytes()
    manifest = path.with_name("manifest.json")
    told = manifest.read_bytes() if manifest.exists() and manifest != path else None
    try:
        path.write_bytes(content)
        if told is not None:
            changed = json.loads(told)
            changed["sha256"][path.name] = sha256(content).hexdigest()
            manifest.write_text(json.dumps(changed), encoding="utf-8")
        yield
    finally:
        path.write_bytes(before)
        if told is not None:
            manifest.write_bytes(told)


def feed_run(content: bytes, results: Results, name: str) -> bool:
    """A file of a run is read, or named as damaged."""
    with replaced(results.files()[name], content):
        return results.look(name)


def feed_archive(content: bytes, folder: Path) -> bool:
    """An archive is read back to the arrays that are written again, or refused."""
    from rnngan_cli.system.reading import read_npz

    path = folder / "a.npz"
    path.write_bytes(content)

    def check() -> None:
        found = read_npz(path)
        path.write_bytes(npz_bytes(found))
        again = read_npz(path)
        require(list(again) == sorted(found), "other names when read back")
        require(all(found[name].tobytes() == again[name].tobytes() for name in found), "other values when read back")

    return answered(check)


def make_targets(folder: Path) -> dict[str, Target]:
    """Every kind of input by name.

    Args:
        folder: where files are put.
    """
    results = Results(folder)
    labelled = (
        npz(series=CUBE, labels=np.arange(20) % 3),
        npz(x=CUBE, labels=np.array(["a", "b"] * 10)),
    )
    book = workbook(table()[["price", "volume"]])
    with zipfile.ZipFile(io.BytesIO(book)) as members:
        sheet = members.read(SHEET)
    record = npy(np.cumsum(np.ones((60, 2)), axis=0))
    targets = {
        "experiment": Target(EXPERIMENTS, partial(feed_experiment, folder=folder)),
        "text": Target(TEXTS, partial(feed_text, folder=folder)),
        "csv": Target(TABLES, partial(feed_data, folder=folder, suffix=".csv")),
        "parquet": Target(
            (parquet(table()[["price", "volume"]]), parquet(table(30).assign(kind=True))),
            partial(feed_data, folder=folder, suffix=".parquet"),
        ),
        "xlsx": Target((book,), partial(feed_data, folder=folder, suffix=".xlsx")),
        "sheet": Target((sheet,), partial(feed_sheet, folder=folder, book=book)),
        "json": Target(JSONS, partial(feed_data, folder=folder, suffix=".json")),
        "ts": Target(TS_FILES, partial(feed_data, folder=folder, suffix=".ts")),
        "arff": Target(ARFF_FILES, partial(feed_data, folder=folder, suffix=".arff")),
        "npy": Target((npy(CUBE), record), partial(feed_data, folder=folder, suffix=".npy")),
        "npz": Target(labelled, partial(feed_data, folder=folder, suffix=".npz")),
        "archive": Target((npz_bytes({"a": CUBE, "b": np.array(["x"])}),), partial(feed_archive, folder=folder)),
    }
    for name, path in results.files().items():
        targets[f"run {name}"] = Target((path.read_bytes(),), partial(feed_run, results=results, name=name))
    return targets


# Mutations

WORDS = (
    *(b"null", b"NaN", b"-Infinity", b"1e999", b"-0", b"true", b"[]", b"{}", b'""', b'"\\ud800"', b"\x1b[2J"),
    *(b"9" * 20, b"9" * 5000, b"[" * 2000, b"{" * 99, b'{"a":' * 99, b"=1+1", b"../../x", b"/etc/passwd", b"\0"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"\r", b'"', b",", b";", b"\t", b"a.b.c.d", b"nan", b"inf", b"(-1,)", b"|O"),
    *(b"\xff" * 4, b"\x00" * 8, b"\x7f" + b"\xff" * 7, b"PK\x05\x06", b"PK\x01\x02", b"PAR1", b"\x93NUMPY"),
)


def mutated(seed: bytes, draw: random.Random) -> bytes:
    """A valid file with a few things changed."""
    content = bytearray(seed)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        kind, at = draw.randrange(7), draw.randrange(len(content) + 1)
        end = min(len(content), at + draw.choice((1, 2, 4, 8, 64)))
        if kind == 0 and content:
            content[at - 1] ^= 1 << draw.randrange(8)
        elif kind == 1 and content:
            content[at - 1] = draw.randrange(256)
        elif kind == 2:
            content[at:at] = draw.choice(WORDS)
        elif kind == 3:
            content[at:end] = draw.choice(WORDS)
        elif kind == 4:
            del content[at:end]
        elif kind == 5:
            content[at:at] = content[at:end] * draw.choice((1, 2, 50))
        elif draw.random() < 0.3:
            del content[at:]
    return bytes(content)


@contextmanager
def playground() -> Iterator[Path]:
    """A folder to put files in, in memory where there is such a place."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if os.access(shared, os.W_OK) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
