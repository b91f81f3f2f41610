"""Daily prices and volume of Google shares, 2004-08-19 to 2013-03-01: 2148 trading days, and their log returns.

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


def load_returns(options: DataOptions, steps: int) -> Raw:
    """Computes log returns of the record, log(x_t / x_(t-1)) of each of its columns; no value of it is 0.

    Prices wander: those of another stretch of years lie elsewhere, so that even real series differ from real ones.
    Returns are much the same in every stretch.
    """
    (record,) = load(options, steps).series
    return Raw((np.diff(np.log(record), axis=0),), FEATURES, record=True)


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
    Source(
        name="stocks-returns",
        summary="Log returns of the set stocks, log(x_t / x_(t-1)), which do not wander as prices do",
        origin="worked out here from the set stocks",
        licence="public domain; see NOTICE.md beside the data",
        window=24,
        labels="derived",
        load=load_returns,
    ),
)
