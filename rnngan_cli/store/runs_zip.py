"""The packed form of a sweep's runs: the file runs.zip in place of the folder runs/.

A pack is a ZIP archive without weights and checkpoints. Files of one kind lie in blocks, one after another, as equal
settings and similar numbers take hardly any room beside each other: `history.csv/0` holds the histories of the first
runs. The entry index.json says which runs a block is of, and how long each of their files is. The archive's comment,
which is the end of the file, is the SHA-256 of all bytes before it: a flipped bit is noticed before anything is read.
"""

import functools
import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.schemas import PackIndex, file_content, parse_record
from rnngan_cli.system.atomic import json_bytes, written
from rnngan_cli.system.npz import ArrayFileError, open_archive, reporting_archive_errors
from rnngan_cli.system.reading import MOST_JSON, MOST_TABLE, reporting_read_errors
from rnngan_cli.system.safe_open import open_regular

INDEX = "index.json"
BLOCK_BYTES = 2**22
"""A block ends before the file with which it would be larger, so that a single run is read quickly."""
MOST_PACKED_BYTES, MOST_PACKED_ENTRIES, MOST_DIRECTORY = 2**36, 2**20, 2**27
"""Bounds of a pack: bytes of its files before compression, number of entries, bytes of the archive's directory."""
HASH_BYTES = 64
"""Length of the comment: a SHA-256 in hexadecimal digits."""
CACHED_BLOCKS = 16
_DATE = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""The signature before an entry's bytes, and the lengths of the name and the extra field that follow it."""

PackStamp = tuple[int, int, int]
"""Inode, size and time of last change of a file, in nanoseconds: another stamp, another content."""


@dataclass(frozen=True)
class _Place:
    """Where a file lies: the name of its block, the offset and the length in it, and the length of the block."""

    block: str
    offset: int
    size: int
    whole: int


@dataclass(frozen=True)
class Pack:
    """An opened pack, whose hash was right.

    Attributes:
        path: the archive.
        stamp: the stamp of the file whose hash was checked.
        entries: what the archive says of its entries, by name.
        places: by run and name, where each file lies.
    """

    path: Path
    stamp: PackStamp
    entries: Mapping[str, zipfile.ZipInfo] = field(repr=False)
    places: Mapping[str, Mapping[str, _Place]] = field(repr=False)

    def runs(self) -> list[str]:
        """The folder names of all runs, in order."""
        return sorted(self.places)

    def label(self, run: str, name: str) -> str:
        """A file in the pack as errors name it."""
        return str(self.path / run / name)

    def read(self, run: str, name: str) -> bytes:
        """The content of a file, of at most `MOST_JSON` bytes for JSON and `MOST_TABLE` for everything else.

        Raises:
            DamagedFileError: the pack has no such file or the file is too large, or the pack was changed meanwhile.
        """
        place = self.places.get(run, {}).get(name)
        if place is None:
            raise DamagedFileError(f"`{self.label(run, name)}` cannot be read: there is no such file in the pack")
        most = MOST_JSON if name.endswith(".json") else MOST_TABLE
        if place.size > most:
            raise DamagedFileError(f"`{self.label(run, name)}` has {place.size:,} bytes; expected at most {most:,}")
        if place.size == place.whole:  # a block of its own, which may be large
            return self.block(place.block)
        return _cached_block(self.path, self.stamp, place.block)[place.offset : place.offset + place.size]

    def block(self, name: str) -> bytes:
        """The content of a block.

        Raises:
            DamagedFileError: it cannot be read, or the pack was changed meanwhile.
        """
        with reporting_read_errors(self.path / name), _unchanged(self.path, self.stamp) as file:
            return _content(file, self.entries[name])


@functools.lru_cache(maxsize=CACHED_BLOCKS)
def _cached_block(path: Path, stamp: PackStamp, name: str) -> bytes:
    return _opened(path, stamp).block(name)


def open_pack(path: Path) -> Pack | None:
    """Opens a pack and checks its hash, once for as long as the file stays the same; None if there is none.

    Raises:
        DamagedFileError: it is damaged, no pack, or out of bounds.
    """
    with reporting_read_errors(path):
        try:
            return _opened(path, _stamp(path.lstat()))
        except (FileNotFoundError, NotADirectoryError):
            return None


@functools.lru_cache(maxsize=8)
def _opened(path: Path, stamp: PackStamp) -> Pack:
    with _unchanged(path, stamp) as file:
        if pack_hash(file) != _kept_hash(file):
            raise DamagedFileError(f"`{path}` is damaged: its hash is not its own")
        try:
            with reporting_archive_errors():
                archive = open_archive(
                    file, MOST_PACKED_BYTES, most_entries=MOST_PACKED_ENTRIES, most_at_once=MOST_DIRECTORY
                )
                entries = {info.orig_filename: info for info in archive.infolist()}
                if INDEX not in entries or entries[INDEX].file_size > MOST_JSON:
                    raise ArrayFileError(f"holds no {INDEX} of at most {MOST_JSON:,} bytes")
                content = _content(file, entries[INDEX])
            index = parse_record(path / INDEX, content, PackIndex)
            return Pack(path, stamp, entries, _places(index, entries))
        except ArrayFileError as error:
            raise DamagedFileError(f"`{path}` cannot be read: {error}") from error


def _places(index: PackIndex, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, dict[str, _Place]]:
    """Where each file lies, by run and name.

    Raises:
        ArrayFileError: the blocks are not as long as the files that they should hold, or larger than they may be.
    """
    places: dict[str, dict[str, _Place]] = {}
    for name, blocks in index.blocks.items():
        for number, sizes in enumerate(blocks):
            block, whole, offset = f"{name}/{number}", sum(sizes.values()), 0
            if block not in entries or entries[block].file_size != whole or (len(sizes) > 1 and whole > BLOCK_BYTES):
                raise ArrayFileError(f"holds no entry `{block}` as its index describes it")
            for run, size in sizes.items():
                places.setdefault(run, {})[name] = _Place(block, offset, size, whole)
                offset += size
    return places


@contextmanager
def _unchanged(path: Path, stamp: PackStamp) -> Iterator[IO[bytes]]:
    """Opens a file that must still be the one of a stamp.

    Raises:
        DamagedFileError: it is another one.
        OSError: it cannot be opened.
    """
    with open_regular(path) as file:
        if _stamp(os.fstat(file.fileno())) != stamp:
            raise DamagedFileError(f"`{path}` was changed while it was being read; try again")
        yield file


def _stamp(found: os.stat_result) -> PackStamp:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _content(file: IO[bytes], info: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry.

    Raises:
        ArrayFileError: they are not what the directory says.
    """
    with reporting_archive_errors():
        return _checked_content(file, info)


def _checked_content(file: IO[bytes], info: zipfile.ZipInfo) -> bytes:
    file.seek(info.header_offset)
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if signature != b"PK\x03\x04":
        raise ValueError("no file begins where the directory of the pack says")
    file.seek(name_bytes + extra_bytes, io.SEEK_CUR)
    content = file.read(info.compress_size)
    if info.compress_type == zipfile.ZIP_DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, info.file_size + 1)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise ValueError("it is not what the directory of the pack says")
    return content


def write_pack(path: Path, files: Iterable[tuple[str, str, Path]]) -> str:
    """Writes a pack as a whole or not at all; equal files give equal bytes.

    Args:
        path: the archive.
        files: the run and the name of each file, and where it lies.

    Returns:
        The hash of the pack, which is its comment.

    Raises:
        DamagedFileError: a file cannot be read.
        EnvironmentFaultError: the disk refused.
    """
    index: dict[str, list[dict[str, int]]] = {}
    with written(path) as target:
        with zipfile.ZipFile(target, "w") as archive:
            for name, same in groupby(sorted(files, key=lambda file: (file[1], file[0])), key=lambda file: file[1]):
                for block in _blocks(name, ((run, source) for run, _, source in same)):
                    number = len(index.setdefault(name, []))
                    index[name].append({run: len(content) for run, content in block})
                    _add(archive, f"{name}/{number}", b"".join(content for _, content in block))
            _add(archive, INDEX, json_bytes(file_content(PackIndex(blocks=index))))
            archive.comment = b"0" * HASH_BYTES
        found = pack_hash(target)
        target.seek(-HASH_BYTES, io.SEEK_END)
        target.write(found.encode())
    return found


def _blocks(name: str, files: Iterable[tuple[str, Path]]) -> Iterator[list[tuple[str, bytes]]]:
    """The contents of files of one kind in blocks; arrays, which are compressed already, lie in blocks of their own."""
    block: list[tuple[str, bytes]] = []
    size = 0
    for run, source in files:
        content = read_whole(source)
        if block and (name.endswith(".npz") or size + len(content) > BLOCK_BYTES):
            yield block
            block, size = [], 0
        block.append((run, content))
        size += len(content)
    if block:
        yield block


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=_DATE)
    info.create_system, info.external_attr = 3, 0o644 << 16  # whatever system writes it
    stored = name.startswith("samples.npz")
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    archive.writestr(info, content, compresslevel=None if stored else 9)


def read_whole(path: Path) -> bytes:
    """The content of a file that is to be packed.

    Raises:
        DamagedFileError: it cannot be read, or is a link, a pipe or a device.
    """
    with reporting_read_errors(path), open_regular(path) as file:
        return file.read()


def pack_hash(file: IO[bytes]) -> str:
    """SHA-256, in hexadecimal digits, of a pack's bytes but for the comment at its end."""
    left = file.seek(0, io.SEEK_END) - HASH_BYTES
    file.seek(0)
    found = hashlib.sha256()
    while left > 0 and (part := file.read(min(left, 2**20))):
        found.update(part)
        left -= len(part)
    return found.hexdigest()


def _kept_hash(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, io.SEEK_END) - HASH_BYTES))
    return file.read(HASH_BYTES).decode("ascii", errors="replace")
