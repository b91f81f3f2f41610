"""NumPy files of strangers: what they declare is refused before anything of its size is allocated."""

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnngan_cli.system.npz import ArrayFileError, PickledError, archive_headers, read_archive, read_array

MOST = 2**24


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def declared(shape: str, content: bytes = b"", dtype: str = "'<f8'") -> bytes:
    """An NPY file whose header says so."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def archive(method: int = zipfile.ZIP_DEFLATED, **entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as one:
        for name, content in entries.items():
            one.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def refusal(read: Callable[[], object]) -> str:
    """Why it is not read; memory is watched on the way."""
    tracemalloc.start()
    try:
        with pytest.raises(ArrayFileError) as caught:
            read()
        assert tracemalloc.get_traced_memory()[1] < 2**26, "something of the declared size was allocated"
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (declared("(1000000, 1000000)"), "declares the shape (1000000, 1000000), which is 8,000,000,000,000 bytes"),
        (declared(f"({10**30},)"), "bytes, and has 0"),
        (declared("(3,)", b"12345678"), "which is 24 bytes, and has 8"),
        (declared("(-3,)"), "expected plain numbers"),
        (declared("(1000000000000,)", dtype="'<U0'"), "expected plain numbers"),
        (declared("(2,)", bytes(32), "[('a', '<f8'), ('b', '<f8')]"), "expected plain numbers"),
        (declared("(1,)", bytes(8), "'|O'"), "Python objects"),
        (declared("(" * 5000), ""),
        (b"\x93NUMPY\x03\x00\x00\x00", "version (3, 0)"),
        (b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"{", ""),
        (b"\x93NUM", ""),
        (b"", ""),
    ],
)
def test_arrays_are_refused_by_their_header(content: bytes, message: str) -> None:
    assert message in refusal(lambda: read_array(io.BytesIO(content), MOST))
    assert message in refusal(lambda: read_archive(io.BytesIO(archive(a=content)), MOST))


def test_an_array_over_the_bound_is_refused() -> None:
    content = npy(np.zeros(1000))
    assert read_array(io.BytesIO(content), 8000).shape == (1000,)
    assert "declares the shape (1000,)" in refusal(lambda: read_array(io.BytesIO(content), 7999))
    assert "in all; expected at most" in refusal(lambda: read_archive(io.BytesIO(archive(a=content, b=content)), 9000))


def test_a_bomb_is_refused() -> None:
    """A thousandfold of its size, as much as deflate can, and all of it is there."""
    bomb = archive(a=npy(np.zeros(2**22)))
    assert len(bomb) < 2**16
    assert "in all; expected at most" in refusal(lambda: read_archive(io.BytesIO(bomb), MOST))
    assert read_archive(io.BytesIO(bomb), 2**26)["a"].shape == (2**22,)
    nested = archive(a=bomb)
    assert "magic string" in refusal(lambda: read_archive(io.BytesIO(nested), MOST))


def test_an_array_needs_its_pickle_refused() -> None:
    content = npy(np.array([{}], dtype=object), allow_pickle=True)
    for read in (
        lambda: read_array(io.BytesIO(content), MOST),
        lambda: read_archive(io.BytesIO(archive(a=content)), MOST),
    ):
        with pytest.raises(PickledError, match="allow_pickle"):
            read()


def directory(content: bytes) -> int:
    """Where the first entry of an archive's directory begins."""
    return content.index(b"PK\x01\x02")


def changed(content: bytes, offset: int, form: str, *values: int) -> bytes:
    """An archive with other numbers in the first entry of its directory."""
    packed = struct.pack(form, *values)
    start = directory(content) + offset
    return content[:start] + packed + content[start + len(packed) :]


WHOLE = archive(zipfile.ZIP_STORED, a=npy(np.arange(64.0)), b=npy(np.arange(9)))
LENGTH = len(npy(np.arange(64.0)))
HOSTILE = {
    "a size that cannot be": (changed(WHOLE, 24, "<I", 2**32 - 2), "which cannot be"),
    "overlapping entries": (changed(WHOLE, 20, "<II", len(WHOLE), LENGTH), "its entries overlap"),
    "an unknown method": (changed(WHOLE, 10, "<H", 99), "method 99"),
    "lzma, which may ask for gigabytes": (archive(zipfile.ZIP_LZMA, a=npy(np.zeros(9))), "method 14"),
    "encryption": (changed(WHOLE, 8, "<H", 1), ""),
    "a huge directory": (WHOLE[:-10] + struct.pack("<II", 2**31, 0) + WHOLE[-2:], ""),
    "two entries of one name": (WHOLE.replace(b"b.npy", b"a.npy"), "two entries of one name"),
    "more after an array": (archive(a=npy(np.zeros(2)) + b"more"), "more bytes than its array"),
    "no array": (archive(a=b"text"), ""),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives_are_refused(kind: str) -> None:
    content, message = HOSTILE[kind]
    assert message in refusal(lambda: read_archive(io.BytesIO(content), MOST))


def test_many_entries_are_refused() -> None:
    many = archive(zipfile.ZIP_STORED, **{str(number): b"" for number in range(10_001)})
    assert "holds 10,001 entries" in refusal(lambda: archive_headers(io.BytesIO(many), MOST))


def test_a_wrong_checksum_is_damage() -> None:
    assert zlib.crc32(npy(np.arange(64.0)))
    flipped = WHOLE.replace(np.float64(63).tobytes(), np.float64(62).tobytes())
    assert "Bad CRC-32" in refusal(lambda: read_archive(io.BytesIO(flipped), MOST))


PLAIN = arrays.arrays(
    st.one_of(
        arrays.boolean_dtypes(), arrays.integer_dtypes(), arrays.floating_dtypes(), arrays.unicode_string_dtypes()
    ),
    arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
)


@given(st.dictionaries(st.text("abc/_", min_size=1, max_size=6), PLAIN, max_size=3))
def test_what_numpy_writes_is_read_back(given: dict[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **given)
    found = read_archive(buffer, MOST)
    headers = archive_headers(buffer, MOST)
    assert {name: (one.shape, one.dtype) for name, one in headers.items()} == {
        name: (one.shape, one.dtype) for name, one in given.items()
    }
    for name, array in given.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
        one = read_array(io.BytesIO(npy(array)), MOST)
        assert one.tobytes() == array.tobytes()
