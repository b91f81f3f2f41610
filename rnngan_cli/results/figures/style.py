"""The style of all pictures: colours and markers, sizes, heading and caption, limits of axes, saving.

Black stands for real series and the discriminator, the colour of a loss for its generator and generated series. Items
of a panel also differ in line style or marker, so that the pictures can be read in grey and by colour-blind readers.
"""

import io
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.losses import VARIANTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE_WIDTH = 10.0
"""Width of a figure in inches. Shown 900 pixels wide, 10 points are 12.5 pixels, the size of text on a page."""
INK, SOFT, FAINT = "#1a1a1a", "#595959", "#d9d9d9"

# Okabe and Ito (2008), Color Universal Design, without black (real data) and yellow (unreadable as a line on
# white); then three of Tol's muted set and a grey, as ten losses need more.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    *("#882255", "#999933", "#332288", "#808080"),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
Look = dict[str, Any]
"""Keyword arguments of a Matplotlib function."""
_LOOK: Look = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.fontsize": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8c8c8c",
    "axes.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays searchable
    "svg.hashsalt": "rnngan",  # makes ids reproducible
}


@contextmanager
def look() -> Iterator[None]:
    """Sets Matplotlib's defaults with this style on top, whatever the user's settings, until the block ends."""
    import matplotlib.style

    with matplotlib.style.context(["default", _LOOK]):
        yield


def loss_style(loss: str) -> tuple[str, str]:
    """Returns the colour and the marker of a loss, the same in every picture; grey circles if it is not registered.

    >>> loss_style("bce")
    ('#0072B2', 'o')
    """
    names, name = list(VARIANTS), loss.split(" ", maxsplit=1)[0]
    place = names.index(name) if name in names else len(COLOURS)
    return (COLOURS[place], _MARKERS[place]) if place < len(COLOURS) else ("#808080", "o")


def loss_label(loss: str, size: float) -> Look:
    r"""Makes the label of a loss, `size` points large; with settings it is smaller, a setting a line.

    >>> loss_label("bce", 11), loss_label("bce units=48 layers=2", 11)["text"]
    ({'text': 'bce', 'fontsize': 11}, 'bce\nunits=48\nlayers=2')
    """
    return {"text": loss.replace(" ", "\n"), "fontsize": 7 if " " in loss else size}


def file_names(titles: Sequence[str]) -> list[str]:
    """Turns titles into safe and distinct file names of lower-case letters, digits and single hyphens.

    >>> file_names(["sines gru units=48", "../sines gru units 48"])
    ['sines-gru-units-48', 'sines-gru-units-48-2']
    """
    names: list[str] = []
    for title in titles:
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:100] or "runs"
        name, number = plain, 1
        while name in names:
            number += 1
            name = f"{plain}-{number}"
        names.append(name)
    return names


def new_figure(
    height: float, title: str, subtitle: str, caption: str, *, legend: bool, width: float = FIGURE_WIDTH
) -> "Figure":
    """Makes an empty figure with a heading above its panels and a caption below them.

    Args:
        height: the height of the panels in inches; heading and caption are added to it.
        title: one line.
        subtitle: the text below the title, wrapped.
        caption: how to read the picture, wrapped.
        legend: whether to leave a line below the subtitle for `add_legend`.
        width: the width of the figure in inches.
    """
    from matplotlib.figure import Figure

    letters = int(width * 13)  # capitals and digits of 10 points are about 1/13 inch wide, other letters less
    below, under = textwrap.wrap(caption, letters), textwrap.wrap(subtitle, letters)
    head = 0.47 + 0.18 * len(under) + (0.36 if legend else 0.0)
    foot = 0.17 + 0.18 * len(below)
    total = height + head + foot
    figure = Figure(figsize=(width, total), dpi=150, layout="constrained", facecolor="white")
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0.006, foot / total, 0.988, height / total), wspace=0.03, hspace=0.03)  # type: ignore[call-arg]
    left = 0.12 / width
    figure.text(left, 1 - 0.12 / total, title, fontsize=14, weight="bold", va="top")
    figure.text(left, 1 - 0.41 / total, "\n".join(under), fontsize=10, color=SOFT, va="top", linespacing=1.25)
    figure.text(left, 0.1 / total, "\n".join(below), fontsize=9.5, color=SOFT, va="bottom", linespacing=1.25)
    return figure


def add_legend(figure: "Figure", handles: Sequence[Any], labels: Sequence[str], length: float = 2.6) -> None:
    """Adds a legend of one line below a subtitle of one line; `length` is the length of its handles in font sizes."""
    from matplotlib.legend_handler import HandlerTuple

    total, width = figure.get_figheight(), figure.get_figwidth()
    figure.legend(
        list(handles),
        list(labels),
        loc="upper left",
        bbox_to_anchor=(0.12 / width, 1 - 0.65 / total),
        borderaxespad=0.0,
        borderpad=0.1,
        ncols=len(labels),
        columnspacing=1.6,
        handletextpad=0.6,
        handlelength=length,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.15)},
    )


def rendered(figure: "Figure", suffixes: Collection[str] = ("png", "svg")) -> dict[str, bytes]:
    """Renders a figure as `png` (150 dpi) and `svg`, without dates and versions; returns the contents by suffix."""
    metadata: dict[str, dict[str, str | None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # not again for each format, because layout takes longer than drawing
    for axes in figure.axes:
        # The last bits of the solver depend on memory addresses, and ids in the SVG are hashes of positions.
        axes.set_position(np.round(axes.get_position(original=True).bounds, 5))
    contents = {}
    for suffix in suffixes:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, dpi=150, metadata=metadata[suffix])
        contents[suffix] = buffer.getvalue()
    return contents


def say(axes: "Axes", text: str) -> None:
    """Replaces the content of a panel by a text that says why it is empty."""
    # Ticks are hidden, not removed, because removal would also affect panels that share the axis.
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_facecolor("#f5f5f5")
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=SOFT, style="italic")


def robust_limits(
    values: np.ndarray, reach: float = 1.0, *, percentiles: tuple[float, float] = (5, 95), pad: float = 0.06
) -> tuple[float, float]:
    """Computes limits of an axis that are robust to a few distant values.

    They are the lower and upper percentile, extended to the values, but by at most `reach` times the span between the
    percentiles, and padded by the share `pad`. NaN and infinite values are ignored; without values it is (0, 1).

    >>> low, high = robust_limits(np.array([0.0] + [1.0, 2.0] * 50 + [1e6]), pad=0.0)
    >>> (low, high)
    (0.0, 3.0)
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.percentile(values, percentiles)
    span = high - low
    low = max(float(values.min()), float(low - reach * span))
    high = min(float(values.max()), float(high + reach * span))
    return padded(low, high, pad)


def padded(low: float, high: float, pad: float) -> tuple[float, float]:
    """Extends a range by the share `pad` on each side; a range of a single value gets some room around it.

    >>> padded(0.0, 4.0, 0.25), padded(0.0, 0.0, 0.25)
    ((-1.0, 5.0), (-0.5, 0.5))
    """
    size = max(abs(low), abs(high))
    margin = pad * (high - low) if high - low > 1e-9 * size else 0.05 * size or 0.5
    return low - margin, high + margin


def short_number(value: float, _place: float = 0.0) -> str:
    """Writes a number for an axis in few characters.

    >>> short_number(12_500_000.0), short_number(250_000.0), short_number(-0.25), short_number(1200.0)
    ('12.5M', '250k', '−0.25', '1200')
    """
    for least, unit, sign in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{value / unit:.3g}{sign}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def diverged_words(diverged: int, done: int) -> str:
    """Says how many of the ended runs diverged; empty if none did.

    >>> diverged_words(1, 2), diverged_words(0, 3)
    ('1 of 3 diverged', '')
    """
    return f"{diverged} of {diverged + done} diverged" if diverged else ""


def spread(count: int, wanted: int) -> np.ndarray:
    """Selects at most `wanted` of `count` positions, evenly spaced from the first to the last.

    >>> spread(10, 4).tolist(), spread(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.linspace(0, count - 1, min(count, wanted)).round().astype(int)
