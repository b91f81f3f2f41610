"""What was measured, in speed.json, as it comes: a measurement that is there is not made again."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT
from benchmarks.tasks import Scale, has_pytorch
from rnngan_cli.errors import UserError
from rnngan_cli.files import read_json, write_json
from rnngan_cli.provenance import git_state, machine, versions

SCHEMA_VERSION = 1
FILE = "speed.json"
Raw = dict[str, dict[str, dict[str, Any]]]
"""Measurements by section and name."""


def setting(scale: Scale) -> dict[str, Any]:
    """What all measurements of one table have in common: machine, versions, and how much is measured."""
    found = versions()
    if has_pytorch():
        import importlib.metadata

        found = {**found, "torch": importlib.metadata.version("torch")}
    # By way of JSON, so that it compares equal with what is read back.
    return dict(json.loads(json.dumps({"machine": machine(), "versions": found, "scale": asdict(scale)})))


class Ledger:
    """The measurements in `folder`, with the setting they were made in.

    Raises:
        UserError: there are some of another setting.
    """

    def __init__(self, folder: Path, setting: Mapping[str, Any]) -> None:
        self.path, self.setting = folder / FILE, dict(setting)
        self.raw: Raw = {}
        if not self.path.exists():
            return
        content = read_json(self.path)
        other = next((name for name, value in self.setting.items() if content.get(name) != value), None)
        if other is not None:
            raise UserError(
                f"`{self.path}` was measured with another {other}; give another `--output`, or remove it to start anew"
            )
        self.raw = content["raw"]

    def has(self, section: str, name: str) -> bool:
        """Whether it was measured already."""
        return name in self.raw.get(section, {})

    def add(self, section: str, name: str, result: Mapping[str, Any]) -> None:
        """Keeps a measurement, with the commit it was made at."""
        self.raw.setdefault(section, {})[name] = {**result, "git": git_state()}
        self.write()

    def write(self, summary: Mapping[str, Any] | None = None) -> None:
        """Writes the file, with what was made of the measurements where that is known."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"schema_version": SCHEMA_VERSION, **self.setting, **(summary or {}), "raw": self.raw}
        write_json(self.path, content)


def read(folder: Path) -> dict[str, Any]:
    """The file in `folder`, such as that of the published table in results/speed."""
    return read_json(folder / FILE)


HERE = ROOT / "results" / "my-speed"
"""Where a measurement goes unless another folder is named; the published one is results/speed."""
