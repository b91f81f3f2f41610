"""Embeddings of real and generated series in the plane by PCA and t-SNE, a panel a loss.

Series are standardised by the mean and deviation of each real feature (images by a common deviation) and flattened, so
that a point is a whole series.
"""

from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.results.figures import style
from rnngan_cli.results.groups import Reference, RunGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUM_POINTS = 100
_FEWEST = 3

EmbeddedPoints = dict[str, tuple[np.ndarray, np.ndarray]]
"""Equally many real and generated points, (n, values) each, by loss."""


def draw_pca(group: RunGroup) -> "Figure | None":
    """Draws series on the principal plane of the real series; returns None if real or generated series are missing."""
    pairs = _pairs(group)
    if group.reference is None or not pairs:
        return None
    real = _flat(group.reference.series, group.reference)
    plane, shares = _principal_plane(real)
    figure, panels = _frame(
        group,
        pairs,
        "PCA",
        f"The plane is fitted to all {len(real)} real test series alone; generated ones are "
        "projected onto it. One point is one series; per cents are shares of the real series' variance. Axes "
        "are shared and fitted to the real series: points beyond are drawn at the edge and counted.",
    )
    center = real.mean(axis=0)
    generated = np.concatenate([points for _, points in pairs.values()])
    inner = _limits((real - center) @ plane, (generated - center) @ plane)
    limits = inner + 0.06 * np.diff(inner, axis=1) * np.array([-1.0, 1.0])
    for axes, loss in zip(panels, group.losses, strict=False):
        axes.set(xlim=limits[0], ylim=limits[1], xticks=[], yticks=[])
        if loss not in pairs:
            continue
        first, second = ((points - center) @ plane for points in pairs[loss])
        shown = np.clip(second, inner[:, 0], inner[:, 1])
        _points(axes, first, shown, style.loss_style(loss)[0])
        beyond = int((shown != second).any(axis=1).sum())
        if beyond:
            box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.0}
            axes.text(0.96, 0.04, f"{beyond} beyond", transform=axes.transAxes, ha="right", fontsize=9, bbox=box)
    columns = panels[0].get_gridspec().ncols  # type: ignore[union-attr]
    for place, axes in enumerate(panels[: len(group.losses)]):
        if place % columns == 0:
            axes.set_ylabel(f"second axis ({100 * shares[1]:.0f} %)")
        if place + columns >= len(group.losses):
            axes.set_xlabel(f"first axis ({100 * shares[0]:.0f} %)")
    return figure


def _limits(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Minimum and maximum of each axis, (2, 2), for real and generated points, (n, 2) each.

    They are the range of the real points, extended by up to 60 % on each side if generated points need it.
    """
    low, high = real.min(axis=0), real.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    least = np.maximum(np.minimum(low, generated.min(axis=0)), low - 0.6 * span)
    greatest = np.minimum(np.maximum(high, generated.max(axis=0)), high + 0.6 * span)
    return np.stack([least, np.where(greatest > least, greatest, least + 1.0)], axis=1)


def draw_tsne(group: RunGroup) -> "Figure | None":
    """Draws t-SNE maps of real and generated series; returns None if either are missing."""
    pairs = _pairs(group)
    if not pairs:
        return None
    figure, panels = _frame(
        group,
        pairs,
        "t-SNE",
        "Each panel is a map of its own, fitted to real and generated series together. One point is one "
        "series. Axes, distances between clusters and their sizes mean nothing: look for how well "
        "the two kinds mix.",
    )
    for axes, loss in zip(panels, group.losses, strict=False):
        if loss in pairs:
            both = _tsne(np.concatenate(pairs[loss]))
            half = len(both) // 2
            _points(axes, both[:half], both[half:], style.loss_style(loss)[0])
            axes.set(xticks=[], yticks=[])
            axes.margins(0.06)
    return figure


def _flat(series: np.ndarray, reference: Reference) -> np.ndarray:
    """Standardises series (n, steps, features) by the real series and flattens them to (n, steps * features).

    All pixels of an image are divided by the same deviation; otherwise nearly constant pixels at the border would be
    inflated and outweigh the rest.
    """
    real = reference.series
    deviation = np.atleast_1d(real.std() if reference.image else real.std(axis=(0, 1)))
    scaled = (series - real.mean(axis=(0, 1))) / np.where(deviation > 0, deviation, 1.0)
    return scaled.reshape(len(series), -1)


def _pairs(group: RunGroup) -> EmbeddedPoints:
    if group.reference is None or len(group.reference.series) < _FEWEST:
        return {}
    real, pairs = group.reference.series, {}
    for loss, samples in group.samples.items():
        count = min(len(real), len(samples.series), NUM_POINTS)
        if count >= _FEWEST:
            first, second = (part[style.spread(len(part), count)] for part in (real, samples.series))
            pairs[loss] = (_flat(first, group.reference), _flat(second, group.reference))
    return pairs


def _principal_plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal axes of points (n, values), as columns (values, 2), and their shares of the variance.

    The largest entry of each axis is positive. If a point is a single value, the second axis is zero.
    """
    _, sizes, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    total = float((sizes**2).sum()) or 1.0
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    plane = np.zeros((points.shape[1], 2))
    shares = np.zeros(2)
    count = min(2, len(axes))
    plane[:, :count] = (axes * signs[:, None])[:count].T
    shares[:count] = sizes[:count] ** 2 / total
    return plane, shares


def _tsne(points: np.ndarray) -> np.ndarray:
    """Maps points (n, values) to (n, 2) by t-SNE, with the same result on every call.

    Gradients are exact, because the sums of the approximate method depend on the order of threads. 500 steps are
    enough for 200 points, and take about half a second.
    """
    from sklearn.manifold import TSNE

    plane, _ = _principal_plane(points)
    start = (points - points.mean(axis=0)) @ plane
    start *= 1e-4 / (start[:, 0].std() or 1.0)  # the scale of scikit-learn's own PCA initialisation
    model = TSNE(
        perplexity=min(30.0, (len(points) - 1) / 3),
        init=start.astype(np.float32),
        method="exact",
        max_iter=500,
        random_state=0,
    )
    return np.asarray(model.fit_transform(points.astype(np.float32)), dtype=np.float64)


def _frame(group: RunGroup, pairs: EmbeddedPoints, kind: str, caption: str) -> "tuple[Figure, list[Axes]]":
    """Makes a figure with heading, legend and an empty panel a loss; the panel of a loss without points says why."""
    from matplotlib.lines import Line2D

    columns = len(group.losses) if len(group.losses) <= 4 else min(5, -(-len(group.losses) // 2))
    rows = -(-len(group.losses) // columns)
    width = {1: 6.5, 2: 8.0}.get(columns, style.FIGURE_WIDTH)
    seeds = sorted({group.samples[loss].seed for loss in pairs})
    counts = sorted({len(real) for real, _ in pairs.values()})
    words = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    seed = f"seed {seeds[0]}" if len(seeds) == 1 else "the lowest seed that finished"
    subtitle = f"{words} real and as many generated series a panel, of {seed}"
    height = rows * ((width - 0.3) / columns + 0.3) + 0.35
    figure = style.new_figure(height, f"{kind}: {group.name}", subtitle, caption, legend=True, width=width)
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes, loss in zip(panels, group.losses, strict=False):
        name, colour = style.loss_label(loss, 11), style.loss_style(loss)[0]
        axes.set_title(name["text"], weight="bold", color=colour, fontsize=name["fontsize"])
        axes.grid(False)
        axes.spines[:].set_visible(True)
        if loss not in pairs:
            style.say(axes, group.gaps.get(loss, "too few series").replace(", ", ",\n"))
    for axes in panels[len(group.losses) :]:
        axes.remove()
    dot = {"linestyle": "", "markersize": 7, "mec": "white", "mew": 0.5}
    handles = [Line2D([], [], color=style.INK, marker="o", **dot)]  # type: ignore[arg-type]
    colours = [style.loss_style(loss)[0] for loss in pairs][:3]
    handles.append(tuple(Line2D([], [], color=colour, marker="^", **dot) for colour in colours))  # type: ignore[arg-type]
    style.add_legend(
        figure, handles, ["real", "generated" + (" (in the loss's colour)" if len(colours) > 1 else "")], 1.6
    )
    return figure, panels


def _points(axes: "Axes", real: np.ndarray, generated: np.ndarray, colour: str) -> None:
    axes.scatter(real[:, 0], real[:, 1], s=20, marker="o", color=style.INK, alpha=0.55, linewidths=0)
    axes.scatter(
        generated[:, 0],
        generated[:, 1],
        s=24,
        marker="^",
        color=colour,
        alpha=0.8,
        linewidths=0.4,
        edgecolors="white",
    )
