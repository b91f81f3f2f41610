"""The facts as a picture in PNG and SVG: steps and sweeps beside the peers, growth of a step, times of commands."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.facts import DEFAULT_RUNS, OURS, RATE, STEP, TIME, Fact
from benchmarks.tables import machines_line
from benchmarks.tasks import KINDS, ONE_THREAD, PEER_LOSS, RECIPE, Kind, Scale
from rnngan_cli.results.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CAPTION = (
    "Medians; thin lines go from the least to the most over rounds, in which contenders took turns. Steps: one update "
    "of each network; by the recipe two of the discriminator. Sweeps: start-up, compiling, scoring and writing "
    "counted; peers do one run after another, or two side by side. The floor is the matrix products of a step alone, "
    "on one thread. Grey: what others do; blue: rnngan."
)
LOOKS: dict[str, dict[str, Any]] = {
    OURS: {"color": "#0072B2", "marker": "o", "linestyle": "-"},
    "keras": {"color": "#595959", "marker": "s", "linestyle": "--"},
    "pytorch": {"color": "#8c8c8c", "marker": "v", "linestyle": ":"},
    "floor": {"color": style.INK, "marker": "_", "linestyle": "-"},
}
COMMAND_LOOKS = {
    "status": ("#56B4E9", "s"),
    "compare": ("#0072B2", "o"),
    "report": ("#009E73", "v"),
    "plot": ("#D55E00", "^"),
}


def draw(settings: Mapping[str, Mapping[str, Any]], found: Sequence[Fact], scale: Scale) -> dict[str, bytes]:
    """Returns the picture as `png` and `svg`; the panel of an unmeasured section says so."""
    with style.look():
        figure = style.new_figure(8.2, "Speed", machines_line(settings), _CAPTION, legend=False, width=11)
        panels = figure.subplots(2, 2)
        _draw_bars(panels[0, 0], _steps(found, scale), "milliseconds a step", "One step, gru")
        _draw_bars(panels[0, 1], _rates(found), "runs per hour", "Sweeps of runs without options")
        _draw_growth(panels[1, 0], found, scale)
        _draw_commands(panels[1, 1], found, scale)
        return style.rendered(figure)


def look(contender: str) -> dict[str, Any]:
    """Returns the colour, marker and line style of a contender.

    >>> look("ours, wgan")["marker"], look("pytorch, 1 thread")["marker"]
    ('o', 'v')
    """
    return LOOKS[contender.split(",", maxsplit=1)[0]]


def _steps(found: Sequence[Fact], scale: Scale) -> list[Fact]:
    """Returns the facts on steps of the peers and of our losses of the same kind."""
    cases: dict[str, Kind] = {f"gru, {scale.shape.units} units, {kind}": kind for kind in KINDS}
    cases[f"gru, {scale.recipe.units} units, {RECIPE}"] = RECIPE
    return [
        fact
        for fact in found
        if fact.section == "steps" and fact.quantity == STEP and fact.case in cases
        if not fact.contender.startswith(OURS) or fact.contender == f"{OURS}, {PEER_LOSS[cases[fact.case]]}"
    ]


def _rates(found: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in found if (fact.section, fact.case) == ("sweeps", DEFAULT_RUNS) and fact.quantity == RATE]


def _draw_bars(axes: "Axes", found: Sequence[Fact], label: str, title: str) -> None:
    """Draws a bar for every contender, in a group for each case."""
    axes.set_title(title, loc="left")
    if not found:
        style.say(axes, "not measured")
        return
    place, places, names = 0.0, [], []
    for case in dict.fromkeys(fact.case for fact in found):
        for fact in (fact for fact in found if fact.case == case):
            axes.barh(place, fact.value, color=look(fact.contender)["color"], height=0.72)
            axes.plot([fact.least, fact.most], [place, place], color=style.INK, linewidth=0.9)
            axes.annotate(
                f" {style.short_number(float(f'{fact.value:.3g}'))}", (fact.most, place), va="center", fontsize=9
            )
            places.append(place)
            names.append(fact.contender if case == DEFAULT_RUNS else f"{fact.contender}, {case.split(', ')[-1]}")
            place += 1
        place += 0.6
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlim(0, 1.15 * max(fact.most for fact in found))
    axes.set_xlabel(label)


def _draw_growth(axes: "Axes", found: Sequence[Fact], scale: Scale) -> None:
    """Draws the time of a step on one thread against the length of a series, plain and penalised."""
    axes.set_title("Growth with the length of a series, gru, one thread", loc="left")
    drawn = False
    for kind in KINDS:
        cases = {f"gru, {length} steps, {kind}": length for length in scale.lengths}
        known = [fact for fact in found if fact.section == "growth" and fact.quantity == STEP and fact.case in cases]
        for contender in dict.fromkeys(fact.contender for fact in known):
            if not contender.startswith(OURS) and not contender.endswith(ONE_THREAD):
                continue
            points = sorted((cases[fact.case], fact.value) for fact in known if fact.contender == contender)
            filled = None if kind == "plain" else "white"
            axes.plot(
                *zip(*points, strict=True), **look(contender), mfc=filled, markersize=6, label=f"{contender}, {kind}"
            )
            drawn = True
    if not drawn:
        style.say(axes, "not measured")
        return
    _set_log(axes, [float(length) for length in scale.lengths])
    axes.set_xlabel("steps per series")
    axes.set_ylabel("milliseconds a step")
    low, high = axes.get_ylim()
    axes.set_ylim(low / (high / low) ** 0.45, high)  # room for the legend under the lines
    axes.legend(loc="lower right", fontsize=7.5, labelspacing=0.3, handlelength=2.6)


def _draw_commands(axes: "Axes", found: Sequence[Fact], scale: Scale) -> None:
    """Draws the time of commands that read results against the number of runs."""
    axes.set_title("Commands that read results", loc="left")
    cases = {f"{count} runs": count for count in scale.folders}
    known = [fact for fact in found if fact.section == "commands" and fact.quantity == TIME and fact.case in cases]
    known = [fact for fact in known if fact.value < float("inf")]
    if not known:
        style.say(axes, "not measured")
        return
    for name, (colour, marker) in COMMAND_LOOKS.items():
        points = sorted((cases[fact.case], fact.value) for fact in known if fact.contender == name)
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=6, label=name)
    _set_log(axes, [float(count) for count in scale.folders])
    axes.set_xlabel("runs in the folder")
    axes.set_ylabel("seconds")
    axes.legend(loc="center left", bbox_to_anchor=(0.02, 0.68))  # between `plot` and the others


def _set_log(axes: "Axes", ticks: Sequence[float]) -> None:
    """Sets logarithmic axes, with ticks at the measured values."""
    from matplotlib.ticker import NullFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(ticks, [style.short_number(tick) for tick in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(style.short_number)
    axes.yaxis.set_minor_formatter(NullFormatter())
