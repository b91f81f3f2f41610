"""Where the repository is, for tests that read its documentation, experiments and published results."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The root of the checkout."""
