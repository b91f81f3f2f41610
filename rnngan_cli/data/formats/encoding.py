"""The encoding of a text file: by a byte order mark, by being valid UTF-8, or by charset-normalizer.

Encodings of one byte a character cannot be told apart for certain, least of all by the few words of a header. Where the
text makes sense in cp1252 (the encoding of Windows in Western Europe and America, which holds all printable characters
of Latin-1), that is taken; charset-normalizer, which scores every encoding by the languages it knows, decides the rest.
"""

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.errors import UserError

_MARKS = (  # UTF-32 first: its mark begins as that of UTF-16
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_WIDE = ("utf_16", "utf_32")
"""Beginnings of the names of codecs whose text has NUL bytes."""
_CHUNK = 2**20
_EVIDENCE = 2**14
"""Bytes of lines beyond ASCII that are enough to judge an encoding by."""
LINE_LIMIT = 16 * 2**20
"""Maximum number of characters of a line."""


@dataclass(frozen=True)
class Encoding:
    """How bytes become text.

    Attributes:
        codec: name of Python's codec.
        label: name for the user.
        notes: sentences for the user.
    """

    codec: str
    label: str
    notes: tuple[str, ...] = ()


def find_encoding(path: Path, data: bytes, wanted: str | None) -> Encoding:
    """Finds the encoding of a text, or checks the one that the user gave.

    Args:
        path: path of the file, for errors.
        data: all bytes of the text.
        wanted: name of the encoding if the user settled it.

    Raises:
        UserError: the text is not in the encoding asked for, is damaged, or is no text.
    """
    found = _given(path, data, wanted) if wanted is not None else _marked(data) or _wide(data)
    if found is not None:
        place = _undecodable(data, found.codec)
        if place is not None:
            mend = "give another with `--encoding`, or leave it out" if wanted else "the file is damaged; copy it again"
            raise UserError(f"`{path}`: line {place} is not {found.label} text; {mend}")
    elif _undecodable(data, "utf-8") is None:
        found = Encoding("utf-8", "UTF-8")
    if not (found or Encoding("utf-8", "")).codec.replace("-", "_").startswith(_WIDE):
        _refuse_binary(path, data)
    return found or _guessed(path, data)


def read_lines(data: bytes, codec: str) -> Iterator[str]:
    r"""Iterates over the lines of a text with their ends (`\n`, `\r` or `\r\n`), cut at `LINE_LIMIT` characters."""
    with io.TextIOWrapper(io.BytesIO(data), encoding=codec, newline="") as file:
        first = file.readline(LINE_LIMIT).removeprefix("\ufeff")
        yield from itertools.chain([first] if first else [], iter(lambda: file.readline(LINE_LIMIT), ""))


def _given(path: Path, data: bytes, wanted: str) -> Encoding:
    """The encoding that the user named; a byte order mark is no part of the text."""
    try:
        codec = codecs.lookup(wanted).name.replace("-", "_")
        "".encode(codec)
        b"".decode(codec)
    except (LookupError, ValueError, TypeError):
        raise UserError(
            f"`--encoding {wanted}`: unknown encoding; expected one such as utf-8, cp1252, latin-1, utf-16, cp1251"
        ) from None
    if codec in _WIDE:
        marked = _marked(data)
        codec = marked.codec if marked and marked.label != "UTF-8" else f"{codec}_le"
    return Encoding("utf-8" if codec in {"utf_8_sig", "utf_8"} else codec, wanted)


def _marked(data: bytes) -> Encoding | None:
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            return Encoding(codec, f"{label} with BOM")
    return None


def _wide(data: bytes) -> Encoding | None:
    """UTF-16 without a mark: tables are mostly digits and signs, so every second byte is zero."""
    begin = data[:4096]
    even, odd = begin[::2], begin[1::2]
    for zeros, others, codec in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(zeros) >= 4 and zeros.count(0) > 0.8 * len(zeros) and others.count(0) < 0.05 * len(others):
            note = f"every second byte is zero: read as {codec}; `--encoding` settles it"
            return Encoding(codec, codec.upper(), (note,))
    return None


def _undecodable(data: bytes, codec: str) -> int | None:
    """The number of the first line that cannot be decoded, or None."""
    decoder = codecs.getincrementaldecoder(codec)()
    lines = 1
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        try:
            decoder.decode(chunk, final=start + _CHUNK >= len(data))
        except UnicodeError as error:
            bad = error.start if isinstance(error, UnicodeDecodeError) else 0
            return lines + _line_ends(chunk[:bad])
        lines += _line_ends(chunk)
    return None


def _line_ends(data: bytes) -> int:
    r"""Line ends in bytes of any encoding that extends ASCII; `\r\n` is one."""
    return data.count(b"\n") or data.count(b"\r")


def _refuse_binary(path: Path, data: bytes) -> None:
    """Refuses bytes that no text has: NUL, or many control characters."""
    place = data.find(b"\0")
    if place >= 0:
        line = _line_ends(data[:place]) + 1
        raise UserError(f"`{path}`: line {line} holds a NUL byte; expected text; is it another kind of file?")
    begin = data[: 2**16]
    controls = len(begin) - len(begin.translate(None, bytes({*range(32)} - {*b"\t\n\v\f\r\x1b\x1a"})))
    if controls > 0.02 * len(begin):
        raise UserError(f"`{path}`: is no text; expected a table such as CSV; is it another kind of file?")


def _guessed(path: Path, data: bytes) -> Encoding:
    """The encoding of a text that is not UTF-8, with a note that names it and an example."""
    evidence = _beyond_ascii(data)
    _refuse_damaged(path, data, evidence)
    codec = "cp1252" if _is_western(evidence) else _by_languages(evidence)
    if _undecodable(data, codec) is not None:
        codec = "latin-1"  # decodes any byte
    example = re.search(r"\S*[^\x00-\x7f]\S*", evidence.decode(codec, "replace"))
    shown = f" (`{example[0][:40]}`)" if example else ""
    note = f"the text is not UTF-8: read as {codec}{shown}; if letters are wrong, `--encoding` settles it"
    return Encoding(codec, codec, (note,))


def _beyond_ascii(data: bytes) -> bytes:
    """Different lines with bytes beyond ASCII, as many as are needed."""
    found: dict[bytes, None] = {}
    size = 0
    for match in re.finditer(rb"[^\r\n]{0,200}[\x80-\xff][^\r\n]{0,200}", data):
        if match[0] not in found:
            found[match[0]] = None
            size += len(match[0])
        if size > _EVIDENCE:
            break
    return b"\n".join(found)


def _refuse_damaged(path: Path, data: bytes, evidence: bytes) -> None:
    """Refuses UTF-8 with single bytes that are not: read as anything else, all its good letters would be wrong."""
    text = data[: 2**24].decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for _ in re.finditer(r"[^\x00-\x7f\ufffd]", text))
    if good > bad and "\ufffd" in evidence.decode("utf-8", "replace"):
        raise UserError(
            f"`{path}`: line {_undecodable(data, 'utf-8')} is not UTF-8 text, while the rest is; mend that line, or "
            "name the encoding, such as `--encoding cp1252`"
        )


def _is_western(evidence: bytes) -> bool:
    """Whether bytes make sense in cp1252: all defined, and never three letters beyond ASCII in a row."""
    try:
        text = evidence.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[^\x00-\x7f\s°µ²³±§·%‰€£]{3}", text)


def _by_languages(evidence: bytes) -> str:
    import charset_normalizer

    best = charset_normalizer.from_bytes(evidence).best()
    return best.encoding if best is not None else "cp1252"
