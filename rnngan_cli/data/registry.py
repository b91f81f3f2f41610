"""The registry of built-in data sets. A new one needs a module with `SOURCES` in sources/ and an entry here."""

from rnngan_cli.data.source import Source
from rnngan_cli.data.sources import ar_gaussian, digits, sines, stocks

SOURCES: dict[str, Source] = {
    source.name: source for module in (sines, ar_gaussian, stocks, digits) for source in module.SOURCES
}
"""Sources by name, in the order of listings."""
