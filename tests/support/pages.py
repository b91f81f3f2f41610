"""What both suites of the report share: a sweep whose words are a stranger's."""

from pathlib import Path

import numpy as np

from benchmarks.synthetic import write_sweep
from rnngan_cli.store import SweepFolder

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>&amp;"
"""Ends the script it may be put into, begins one of its own, and asks for a picture that is not there."""


def write_strangers_sweep(path: Path, words: str) -> SweepFolder:
    """Twenty runs, one of which failed for a reason in those words; they are the name of the first feature too."""
    sweep = write_sweep(path, 20)
    folder = next(sweep.runs())
    folder.remove_manifest()
    folder.write_status("failed", 3, reason=words)
    key = next((sweep.path / "reference").glob("*.npz")).stem
    arrays = sweep.reference(key)
    sweep.write_reference(key, arrays | {"feature_names": np.array([words, "b", "c", "d", "e"])})
    return sweep
