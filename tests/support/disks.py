"""Disks that have no room left from a chosen moment on.

The refusals are the system's own: a file system in memory that is filled to the last byte, or a limit on the size of
files (which needs no right to mount). Only their moment is chosen: a hook of the interpreter (`sys.addaudithook`) in
the program's processes sees that a file is about to be opened, and takes the room away before anything is written.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

HOOK = '''
"""Takes the room away when a path that fits the pattern in the file ARMED is opened to be written, or made."""
import os, re, resource, sys

pattern, busy = "", False

def fill(path):
    with open(path, "wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                pass

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def look(path):
    global pattern
    with open(os.environ["ARMED"]) as armed:
        now = armed.read()
    if now != pattern:
        pattern = now
        limit(resource.RLIM_INFINITY)
    if pattern and re.search(pattern, path) and not os.path.exists(os.environ["REFUSED"]):
        with open(os.environ["REFUSED"], "w") as told:
            told.write(path)
        fill(os.environ["BALLAST"]) if "BALLAST" in os.environ else limit(0)

def watch(event, arguments):
    global busy
    if busy or event not in ("open", "os.mkdir") or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    if event == "os.mkdir" or (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
        busy = True
        try:
            look(os.fsdecode(arguments[0]))
        finally:
            busy = False

sys.addaudithook(watch)
'''


@dataclass
class Disk:
    """Where results go, and how room is taken away there.

    Attributes:
        path: a folder on it.
        method: `tmpfs` or `limit`.
        beside: a folder on another disk.
        thorough: whether every kind of write is worth its time there.
    """

    path: Path
    method: str
    beside: Path
    thorough: bool = True

    def environment(self) -> dict[str, str]:
        """Of processes that have no room left from the moment that `refuse_at` sets."""
        hook = self.beside / "hook"
        hook.mkdir(exist_ok=True)
        (hook / "sitecustomize.py").write_text(HOOK)
        paths = os.pathsep.join([str(hook), *filter(None, [os.environ.get("PYTHONPATH")])])
        ballast = {"BALLAST": str(self.path / "ballast")} if self.method == "tmpfs" else {}
        where = {"ARMED": str(self.beside / "armed"), "REFUSED": str(self.refused)}
        return {**os.environ, **ballast, **where, "PYTHONPATH": paths}

    @property
    def refused(self) -> Path:
        """Names the path at which there was no room."""
        return self.beside / "refused"

    def refuse_at(self, pattern: str) -> None:
        """There is room until a path like `pattern` is written; an empty one is none."""
        (self.beside / "armed").write_text(pattern)
        (self.path / "ballast").unlink(missing_ok=True)
        self.refused.unlink(missing_ok=True)


def mount(folder: Path, *options: str) -> bool:
    """Mounts a small file system in memory; false where that is not allowed."""
    folder.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", ",".join(("size=4m", *options)), "tmpfs", str(folder)]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:  # no such program
        return False
