"""The built-in data sets, by name. A new one is a module with `SOURCES` and one entry here."""

from rnngan_cli.data import ar_gaussian, digits, sines, stocks
from rnngan_cli.data.source import Source

SOURCES: dict[str, Source] = {
    source.name: source for module in (sines, ar_gaussian, stocks, digits) for source in module.SOURCES
}
"""Name -> record, in the order they are listed."""
