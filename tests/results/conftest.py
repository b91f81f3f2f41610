"""What the tests of results share."""

from pathlib import Path

import pytest

from rnngan_cli.config import SweepConfig
from rnngan_cli.store import SweepFolder


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    """A sweep's folder without runs."""
    folder = SweepFolder(tmp_path / "sweep")
    folder.create(SweepConfig())
    return folder
