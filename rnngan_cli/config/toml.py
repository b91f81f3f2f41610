"""Reading an experiment: a TOML file that describes a sweep."""

import re
import tomllib
from pathlib import Path

from rnngan_cli.config.base import Table
from rnngan_cli.errors import UserError
from rnngan_cli.system.safe_open import check_plain, read_limited

MOST_EXPERIMENT = 2**20
"""Maximum size of an experiment file in bytes."""
LONG_KEY = re.compile(r"""(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){9}""")
"""Dotted keys of ten parts or more: the time that `tomllib` takes grows with the square of the number of parts."""


def read_experiment(path: Path) -> Table:
    """Reads an experiment file (TOML) as values that are not checked yet.

    Raises:
        UserError: the file is missing, no regular file, too large, not UTF-8 or not TOML (with line and column), or
            holds what `safe_open.check_plain` refuses.
    """
    where = f"experiment `{path}`"
    try:
        text = read_limited(path, MOST_EXPERIMENT, follow=True).decode()
        if LONG_KEY.search(text):
            raise UserError(f"{where}: a key of ten parts or more; an experiment has keys of up to three")
        values = tomllib.loads(text)
        check_plain(values)
    except OSError as error:
        raise UserError(
            f"{where}: cannot be read ({error.strerror}); give a TOML file, such as `rnngan init` writes"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        mend = r"; a path with \ goes between 'single quotes'" if "\\" in text else ""
        raise UserError(f"{where}: is not TOML: {error}{mend}") from error
    except RecursionError as error:
        raise UserError(f"{where}: lists or tables lie too deep in each other") from error
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error
    return values
