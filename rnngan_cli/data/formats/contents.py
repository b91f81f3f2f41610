"""The bytes of a text file: unpacked by what the content is, whatever the file is called; and what is no text at all.

Encodings are in `encoding.py`. Archives are limited by what they unpack to, since a few kilobytes can hold gigabytes.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rnngan_cli.errors import UserError
from rnngan_cli.system import memory
from rnngan_cli.system.safe_open import open_regular

MOST_UNPACKED, MOST_RATIO = 2**28, 200
"""An archive that unpacks to more bytes than the first, and to more than so many times its own size, is refused."""
_CHUNK = 2**20
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstandard"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)
"""Exceptions of the unpackers for damaged archives; ValueError covers those of pyarrow."""
_OTHER_KINDS = (
    (b"PAR1", "a Parquet file", "give it the extension .parquet"),
    (b"\x93NUMPY", "a NumPy array", "give it the extension .npy"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook of the old format, or one with a password",
        "save it as XLSX or CSV",
    ),
    (b"%PDF", "a PDF document", "give the table that it was made of"),
    (b"\x89HDF", "an HDF5 file", "convert it to CSV or NPZ"),
    (b"CDF\x01", "a NetCDF file", "convert it to CSV or NPZ"),
    (b"CDF\x02", "a NetCDF file", "convert it to CSV or NPZ"),
    (b"MATLAB 5.0", "a MATLAB file", "convert it to CSV or NPZ, such as with scipy.io.loadmat"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"ARROW1", "an Arrow (Feather) file", "convert it to Parquet, such as with pandas"),
    (b"FEA1", "a Feather file", "convert it to Parquet, such as with pandas"),
    (b"ORC", "an ORC file", "convert it to Parquet"),
    (b"Obj\x01", "an Avro file", "convert it to Parquet"),
    (b"\x80\x04\x95", "a Python pickle, which is never loaded", "save the table as CSV or Parquet"),
    (b"\x80\x05\x95", "a Python pickle, which is never loaded", "save the table as CSV or Parquet"),
    (b"\x89PNG", "a picture", "give the table that it was made of"),
    (b"\xff\xd8\xff", "a picture", "give the table that it was made of"),
    (b"GIF8", "a picture", "give the table that it was made of"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it and give the table"),
    (b"Rar!", "a RAR archive", "unpack it and give the table"),
    (b"version https://git-lfs", "a pointer of Git LFS to a file that is not here", "fetch it with `git lfs pull`"),
    (b"{\\rtf", "an RTF document", "save the table as CSV"),
)
"""How files of other kinds begin, what they are, and what to do."""


@dataclass(frozen=True)
class TextBytes:
    """The content of a text file.

    Attributes:
        data: all bytes, unpacked.
        packing: name of the compression, such as `gzip`; empty if there was none.
        of: what the text was made of, if the file held no text, such as a sheet of a workbook; else empty.
    """

    data: bytes
    packing: str = ""
    of: str = ""


def read_bytes(path: Path) -> TextBytes:
    """Reads a file that should be text, and unpacks it if it is compressed.

    Raises:
        UserError: the file cannot be read, is empty, damaged, of another kind, several files in one, or too large.
    """
    try:
        with open_regular(path, follow=True) as file:
            begin = file.read(8)
            file.seek(0)
            size = path.stat().st_size
            memory.demand(2 * size, f"`{path}`", "give a shorter table")
            packing = next((name for magic, name in _PACKED.items() if begin.startswith(magic)), "")
            if begin.startswith(_ZIP):
                found = TextBytes(_from_zip(path, file, size), "ZIP")
            else:
                found = TextBytes(_unpacked(path, file, packing, size) if packing else file.read(), packing)
    except OSError as error:
        raise UserError(f"`{path}`: cannot be read ({error.strerror or error}); check its permissions") from error
    _refuse_other_kinds(path, found)
    return found


def _unpacked(path: Path, file: IO[bytes], packing: str, size: int) -> bytes:
    return _whole(path, lambda: _opener(packing)(file), f"{packing} file", size)


def _opener(packing: str) -> Callable[[IO[bytes]], IO[bytes]]:
    """What reads unpacked bytes from a file; pyarrow, which is needed anyway, has zstandard."""
    import pyarrow as pa

    return {
        "gzip": lambda file: gzip.GzipFile(fileobj=file),
        "bzip2": bz2.BZ2File,
        "xz": lzma.LZMAFile,
        "zstandard": lambda file: pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"),
    }[packing]  # type: ignore[return-value]


def _whole(path: Path, start: Callable[[], IO[bytes]], kind: str, size: int) -> bytes:
    """Reads all that an archive unpacks to, within the limits."""
    buffer = io.BytesIO()
    try:
        with start() as stream:
            while chunk := stream.read(_CHUNK):
                buffer.write(chunk)
                check_unpacked(path, buffer.tell(), size)
                memory.demand(2 * buffer.tell(), f"`{path}`, unpacked", "give a shorter table")
    except (*_DAMAGE, RuntimeError, MemoryError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:100]
        raise UserError(
            f"`{path}`: is a {kind} that cannot be unpacked ({reason}); unpack it, or copy it again"
        ) from error
    return buffer.getvalue()


def check_unpacked(path: Path, unpacked: int, size: int) -> None:
    """Checks that a packed file does not unpack to far more than its own size.

    Args:
        path: path of the file, for the error.
        unpacked: bytes that it unpacks to, or has so far.
        size: bytes of the packed file.

    Raises:
        UserError: it does.
    """
    if unpacked > max(MOST_UNPACKED, MOST_RATIO * size):
        raise UserError(
            f"`{path}`: unpacks to more than {memory.bytes_in_words(unpacked)}, over {MOST_RATIO} times its size; if "
            "that is right, unpack it and give the unpacked table"
        )


def _from_zip(path: Path, file: IO[bytes], size: int) -> bytes:
    try:
        archive = zipfile.ZipFile(file)
        names = [name for name in archive.namelist() if not name.endswith("/")]
    except _DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:100]
        raise UserError(f"`{path}`: is a damaged ZIP archive ({reason}); copy it again") from error
    _refuse_zipped_kinds(path, names)
    names = [name for name in names if not name.startswith("__MACOSX/") and Path(name).name != ".DS_Store"]
    if len(names) != 1:
        listed = ", ".join(f"`{name[:60]}`" for name in names[:5]) + (", ..." if len(names) > 5 else "")
        raise UserError(
            f"`{path}`: is a ZIP archive of {len(names)} files ({listed or 'none'}); unpack it and give the one table"
        )
    return _whole(path, lambda: archive.open(names[0]), "ZIP archive", size)


def _refuse_zipped_kinds(path: Path, names: list[str]) -> None:
    """Refuses the formats that are ZIP archives underneath."""
    kinds = (
        ("an Excel workbook (XLSX)", "give it the extension .xlsx", any(name.startswith("xl/") for name in names)),
        ("a Word document", "save the table as CSV", any(name.startswith("word/") for name in names)),
        (
            "an OpenDocument file",
            "if it is a workbook, give it the extension .ods",
            {"mimetype", "content.xml"} <= set(names),
        ),
        ("a NumPy archive", "give it the extension .npz", bool(names) and all(name.endswith(".npy") for name in names)),
    )
    for kind, mend, fits in kinds:
        if fits:
            raise UserError(f"`{path}`: is {kind}, no text; {mend}")


def _refuse_other_kinds(path: Path, found: TextBytes) -> None:
    begin = found.data[:512]
    if not begin:
        raise UserError(f"`{path}`: is empty; expected a table of text")
    for magic, kind, mend in _OTHER_KINDS:
        if begin.startswith(magic):
            inside = f", inside of {found.packing}" if found.packing else ""
            raise UserError(f"`{path}`: is {kind}{inside}, no table of text; {mend}")
    packed = next((name for magic, name in _PACKED.items() if begin.startswith(magic)), "")
    packed = "ZIP" if begin.startswith(_ZIP) else packed
    if found.packing and packed:
        raise UserError(f"`{path}`: is {packed} inside of {found.packing}; unpack it and give the table")
    if begin[257:262] == b"ustar":
        raise UserError(f"`{path}`: is a tar archive; unpack it and give the table")
