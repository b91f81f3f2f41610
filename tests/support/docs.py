"""The modules that write the pages of docs/."""

import importlib
import sys
from types import ModuleType

from tests.support.places import ROOT


def docs_module(name: str) -> ModuleType:
    """A module of docs/, as `python docs/generate.py` would import it; the path of imports stays as it was."""
    before = list(sys.path)
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:] = before
