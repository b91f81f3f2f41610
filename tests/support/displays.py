"""A display for tests."""

from typing import Any

from rnngan_cli.cli.display import Silent


class Recorded(Silent):
    """Shows nothing, and keeps the names of the methods that were called."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name not in ("told", "__class__") and not name.startswith("_"):
            self.told.append(name)
        return super().__getattribute__(name)
