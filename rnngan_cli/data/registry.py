"""The registry of built-in data sets. A new one needs a module with `SOURCES` in sources/ and an entry here."""

from rnngan_cli.data.source import Source
from rnngan_cli.data.sources import ar_gaussian, chorales, digits, energy, sines, stocks, ucr

SOURCES: dict[str, Source] = {
    source.name: source
    for module in (sines, ar_gaussian, stocks, digits, ucr, chorales, energy)
    for source in module.SOURCES
}
"""Sources by name, in the order of listings."""

INCLUDED = tuple(name for name, source in SOURCES.items() if source.extra is None)
"""Names of the sources that need no extra, which `all` stands for: it is the same on every machine."""
