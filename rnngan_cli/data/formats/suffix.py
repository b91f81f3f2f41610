"""The extension that says of what format a file is, behind which another may say how it is compressed."""

from pathlib import Path

PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Extensions of compressed files."""


def format_suffix(path: Path) -> str:
    """The extension of the format, in lower case.

    >>> format_suffix(Path("JV.ts.gz")), format_suffix(Path("My.Eye.ARFF")), format_suffix(Path("a.csv"))
    ('.ts', '.arff', '.csv')
    """
    last = path.suffix.lower()
    return path.with_suffix("").suffix.lower() or last if last in PACKED_SUFFIXES else last
