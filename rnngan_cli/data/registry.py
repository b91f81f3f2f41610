"""The registry of built-in data sets. A new one needs a module with `SOURCES` and an entry here."""

from rnngan_cli.data import ar_gaussian, digits, sines, stocks
from rnngan_cli.data.source import Source

SOURCES: dict[str, Source] = {
    source.name: source for module in (sines, ar_gaussian, stocks, digits) for source in module.SOURCES
}
"""Sources by name, in the order of listings."""
