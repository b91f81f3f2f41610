"""Daily prices and volume of Google shares, 2004-08-19 to 2013-03-01: one long record of 2148 trading days.

The file beside this module is described in NOTICE.md. Adjusted close is left out: in the original record it is close
divided by 1.99383 in every row, so it would add nothing.
"""

import csv
import gzip
from pathlib import Path

import numpy as np

from rnngan_cli.data.source import DataOptions, Raw, Source

FILE = Path(__file__).with_name("goog.csv.gz")
FEATURES = ("open", "high", "low", "close", "volume")


def load(options: DataOptions, steps: int) -> Raw:
    """Reads the record: prices in US dollars, unadjusted, and volume in shares; a row for each trading day."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        rows = [[float(row[name]) for name in FEATURES] for row in csv.DictReader(file)]
    return Raw(series=(np.array(rows),), feature_names=FEATURES, record=True)


SOURCES = (
    Source(
        name="stocks",
        summary="Google shares by the day, 2004 to 2013: open, high, low, close, volume",
        origin="Quandl WIKI prices, as redistributed in the Python package bokeh_sampledata 2026.1",
        licence="public domain; see NOTICE.md beside the data",
        window=24,
        labels="derived",
        load=load,
    ),
)
