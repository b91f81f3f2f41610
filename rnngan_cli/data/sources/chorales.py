"""Bach's four-part chorales on a grid of eighth notes, read from the installed package music21 (extra `music`).

Only the scores are read, MusicXML in zip files; music21 itself is not imported, which would take twenty times as long.
"""

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator

import numpy as np

from rnngan_cli.config.options import Option
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.packages import PackageFiles
from rnngan_cli.data.source import DataOptions, Raw, Source
from rnngan_cli.errors import UserError

VOICES = ("soprano", "alto", "tenor", "bass")
TICKS = 5040
"""Parts of an eighth note, a step of the grid; all durations are whole in them, as 10080 is the finest in a quarter."""
WINDOW = 32
"""Steps of a window: four bars of four quarters."""
HOP = 8
"""Steps between windows: one such bar, so that windows begin at the same place of a bar where there is no upbeat."""
LARGEST_SCORE = 10_000_000
"""Maximum size of a score in bytes, unpacked; the largest one has 1.4 million."""
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Semitones of a tone above the C below it."""

Sound = tuple[int, int, int | None]
"""A note or a rest: its start and its end in ticks from the beginning, and its MIDI pitch, None for a rest."""


def parse_score(content: bytes) -> FloatArray | None:
    """Reads the score of a chorale.

    Every step holds the pitches that sound at its beginning, so notes that begin and end between two steps are left
    out. Tied notes need no care, as a step does not say whether its note began there. A rest is filled with the pitch
    before it, and at the beginning of a voice with its first pitch. Bars that are to be repeated are read once; an
    upbeat takes the time of its notes.

    Args:
        content: a file `.mxl`.

    Returns:
        MIDI pitches (steps, 4), soprano to bass, 60 for the middle C; None if the score has not exactly four parts.

    Raises:
        UserError: the score is too large, or declares entities, which might expand without end.
    """
    parts = _root(content).findall("part")
    if len(parts) != len(VOICES):
        return None
    voices = [list(_sounds(part)) for part in parts]
    ends = [max(end for _, end, _ in voice) for voice in voices]
    steps = min(ends) // TICKS
    return np.array([_pitches(voice, steps) for voice in voices]).T  # (steps, voices)


def _root(content: bytes) -> ET.Element:
    """The score in the archive, whose container says which file it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (file,) = _parse(archive, "META-INF/container.xml").iterfind(".//{*}rootfile")
        return _parse(archive, file.attrib["full-path"])


def _parse(archive: zipfile.ZipFile, name: str) -> ET.Element:
    """Parses XML from an archive; external definitions are never loaded by the parser of the standard library."""
    if archive.getinfo(name).file_size > LARGEST_SCORE:
        raise UserError(f"`{name}`: larger than {LARGEST_SCORE:,} bytes; expected the score of a chorale")
    text = archive.read(name)
    if b"<!ENTITY" in text:
        raise UserError(f"`{name}`: declares XML entities, which are not read; expected the score of a chorale")
    return ET.fromstring(text)


def _sounds(part: ET.Element) -> Iterator[Sound]:
    """The notes and rests of a part in order.

    Each bar begins where the notes of the one before it end, so that upbeats and incomplete bars need no rule. No part
    of a chorale for four voices has chords, or several voices on one staff.
    """
    divisions, now = 1, 0  # divisions of a quarter note, in which durations are given
    for element in part.iterfind("measure/*"):
        if element.tag == "attributes":
            divisions = int(element.findtext("divisions", str(divisions)))
        elif element.tag in ("note", "forward") and element.find("grace") is None:  # grace notes take no time
            end = now + int(element.findtext("duration", "0")) * 2 * TICKS // divisions
            yield now, end, _pitch(element.find("pitch"))
            now = end


def _pitch(pitch: ET.Element | None) -> int | None:
    """MIDI pitch of the element; None for a rest, which has none."""
    if pitch is None:
        return None
    octave = int(pitch.findtext("octave", "4"))
    return 12 * (octave + 1) + SEMITONES[pitch.findtext("step", "C")] + int(pitch.findtext("alter", "0"))


def _pitches(voice: list[Sound], steps: int) -> FloatArray:
    """The pitch at the beginning of each step, (steps,)."""
    held = next(pitch for _, _, pitch in voice if pitch is not None)
    values = np.empty(steps)
    for start, end, pitch in voice:
        held = held if pitch is None else pitch
        values[-(-start // TICKS) : -(-end // TICKS)] = held  # rounded up to a step
    return values


CORPUS = PackageFiles(
    "music",
    "music21",
    "10.5.1",
    {"music21/corpus/bach/*.mxl": "247ad905e76dcc93cbe32f2eaeb6bb623372631f76a23de6ff51cbdb9f233190"},
)


def load(options: DataOptions, steps: int) -> Raw:
    """Reads the chorales that have exactly four parts; the others have instruments besides.

    Raises:
        UserError: the package is not installed, or not the one expected.
    """
    scores = ((name.removesuffix(".mxl"), parse_score(content)) for name, content in CORPUS.read("chorales").items())
    found = {name: pitches for name, pitches in scores if pitches is not None}
    columns = tuple(Column(voice, "whole") for voice in VOICES)  # so that generated pitches are whole as well
    return Raw(tuple(found.values()), VOICES, ids=tuple(found), columns=columns, hop=int(options["hop"]))


SOURCES = (
    Source(
        name="chorales",
        summary="Bach's chorales for four voices, MIDI pitches by the eighth note, in windows of 32 steps",
        origin="364 scores of the corpus of the Python package music21 10.5.1",
        licence="music in the public domain; for the scores see music21; read from there, not copied here",
        window=WINDOW,
        labels="derived",
        options={"hop": Option(HOP, "Eighth notes between the starts of neighbouring windows.", low=1, high=1000)},
        load=load,
        package=CORPUS,
    ),
)
