"""What was measured, in speed.json, as it comes: a measurement that is there is not made again."""

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
"""What all measurements of one section have in common: machine, versions, and how much is measured."""


def setting(scale: Scale) -> Setting:
    """That of whatever is measured here and now."""
    found = versions()
    if has_pytorch():
        import importlib.metadata

        found = {**found, "torch": importlib.metadata.version("torch")}
    # By way of JSON, so that it compares equal with what is read back.
    return dict(json.loads(json.dumps({"machine": machine(), "versions": found, "scale": asdict(scale)})))


class Ledger:
    """The measurements in `folder`, each section with the setting it was made in.

    A section is measured on one machine, with one set of versions, since its ratios are between its own numbers;
    another section may be another machine's, and says so.
    """

    def __init__(self, folder: Path, setting: Mapping[str, Any]) -> None:
        self.path, self.setting = folder / FILE, dict(setting)
        self.raw: Raw = {}
        self.settings: dict[str, Setting] = {}
        if self.path.exists():
            content = read_json(self.path)
            self.raw, self.settings = content["raw"], content["settings"]

    def check(self, sections: Sequence[str]) -> None:
        """Makes sure that what is measured here may stand beside what is there.

        Raises:
            UserError: one of the sections has measurements of another setting.
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
        """Whether it was measured already."""
        return name in self.raw.get(section, {})

    def add(self, section: str, name: str, result: Mapping[str, Any]) -> None:
        """Keeps a measurement, with the commit it was made at.

        Raises:
            UserError: the section has measurements of another setting.
        """
        self.check((section,))
        self.settings[section] = self.setting
        self.raw.setdefault(section, {})[name] = {**result, "git": git_state()}
        self.write()

    def write(self, summary: Mapping[str, Any] | None = None) -> None:
        """Writes the file, with what was made of the measurements where that is known."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"schema_version": SCHEMA_VERSION, "settings": self.settings, **(summary or {}), "raw": self.raw}
        write_json(self.path, content)


def read(folder: Path) -> dict[str, Any]:
    """The file in `folder`, such as that of the published table in results/speed."""
    return read_json(folder / FILE)


HERE = ROOT / "results" / "my-speed"
"""Where a measurement goes unless another folder is named; the published one is results/speed."""
