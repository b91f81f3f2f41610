"""The config of a run, read from config.json."""

import functools
import re

from rnngan_cli.config import RunConfig, build, of_older_run
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.system.atomic import json_bytes
from rnngan_cli.system.reading import Json, parse_json
from rnngan_cli.system.safe_open import StrPath

_SEED_LINE = re.compile(rb'\n  "seed": (0|[1-9][0-9]{0,8}),\n')
"""The line of the seed in a file as `json_bytes` writes it, where lines of inner tables begin with more spaces."""


def parse_config(path: StrPath, content: bytes) -> RunConfig:
    """The config in a config.json that was read already; `path` names the file in errors.

    Runs of a sweep mostly differ in the seed alone, so the text around it is parsed and validated once.

    Raises:
        DamagedFileError: it is no config of a run.
    """
    line = _SEED_LINE.search(content)
    if line is not None and (known := _of_seed_0(content[: line.start(1)], content[line.end(1) :])) is not None:
        return known.model_copy(update={"seed": int(line[1])})
    return _validated(path, parse_json(path, content))


@functools.lru_cache(maxsize=1024)
def _of_seed_0(before: bytes, after: bytes) -> RunConfig | None:
    """The config with the seed 0 between two parts of a file; None unless that is as `json_bytes` writes a config."""
    content = b"0".join((before, after))
    try:
        values = parse_json("", content)
        return _validated("", values) if json_bytes(values) == content else None
    except DamagedFileError:
        return None


def _validated(path: StrPath, values: Json) -> RunConfig:
    try:
        return build(RunConfig, of_older_run(values), str(path))
    except UserError as error:
        raise DamagedFileError(str(error)) from error
