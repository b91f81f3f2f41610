"""Raw measurements in speed.json, written as they are made; an existing measurement is not repeated."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT
from benchmarks.tasks import Scale, has_pytorch
from rnngan_cli.errors import UserError
from rnngan_cli.system.atomic import write_json
from rnngan_cli.system.provenance import git_state, machine, versions
from rnngan_cli.system.reading import read_json

SCHEMA_VERSION = 2
FILE = "speed.json"
Raw = dict[str, dict[str, dict[str, Any]]]
"""Measurements by section and name."""
Setting = dict[str, Any]
"""Conditions shared by all measurements of a section: machine, versions, and amounts."""


def setting(scale: Scale) -> Setting:
    """Returns the setting of measurements made now on this machine."""
    found = versions()
    if has_pytorch():
        import importlib.metadata

        found = {**found, "torch": importlib.metadata.version("torch")}
    # Converted through JSON, so that it compares equal with what is read back.
    return dict(json.loads(json.dumps({"machine": machine(), "versions": found, "scale": asdict(scale)})))


class Ledger:
    """The measurements in `folder`, with the setting of each section.

    A section is measured on one machine with one set of versions, since its ratios use its own numbers. Different
    sections may come from different machines, which the page reports.
    """

    def __init__(self, folder: Path, setting: Mapping[str, Any]) -> None:
        self.path, self.setting = folder / FILE, dict(setting)
        self.raw: Raw = {}
        self.settings: dict[str, Setting] = {}
        if self.path.exists():
            content = read_json(self.path)
            self.raw, self.settings = content["raw"], content["settings"]

    def check(self, sections: Sequence[str]) -> None:
        """Checks that new measurements may be added to the existing ones of the sections.

        Raises:
            UserError: a section has measurements with another setting.
        """
        for section in sections:
            there = self.settings.get(section, self.setting)
            other = next((name for name, value in self.setting.items() if there.get(name) != value), None)
            if other is not None:
                raise UserError(
                    f"section {section} of `{self.path}` was measured with another {other}; give another `--output`,"
                    " or remove it to start anew"
                )

    def has(self, section: str, name: str) -> bool:
        """Returns whether the measurement exists."""
        return name in self.raw.get(section, {})

    def add(self, section: str, name: str, result: Mapping[str, Any]) -> None:
        """Adds a measurement, with the current commit, and writes the file.

        Raises:
            UserError: the section has measurements with another setting.
        """
        self.check((section,))
        self.settings[section] = self.setting
        self.raw.setdefault(section, {})[name] = {**result, "git": git_state()}
        self.write()

    def write(self, summary: Mapping[str, Any] | None = None) -> None:
        """Writes the file, with the summary of the measurements if there is one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"schema_version": SCHEMA_VERSION, "settings": self.settings, **(summary or {}), "raw": self.raw}
        write_json(self.path, content)


def read(folder: Path) -> dict[str, Any]:
    """Returns the content of speed.json in `folder`, such as that of the published table in results/speed."""
    return read_json(folder / FILE)


HERE = ROOT / "results" / "my-speed"
"""Default folder of measurements; the published one is results/speed."""
