"""`rnngan choose` as a function, which returns the generator that is left behind as an object."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.cli.api import Names, raise_from
from rnngan_cli.cli.display import Silent
from rnngan_cli.cli.estimator import RecurrentGAN, as_file
from rnngan_cli.config import RunState, SweepConfig, build
from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.jobs import Orders, Prepared
from rnngan_cli.system.arithmetic import Bits

if TYPE_CHECKING:
    from rnngan_cli.cli.estimator import SeriesSource


def choose(
    source: "SeriesSource",
    *,
    budget: str = "30m",
    losses: Names = "all",
    cell: str = "gru",
    score: str = "hiding_noise",
    margin: float | None = None,
    baseline: str | None = None,
    data: Mapping[str, Any] | None = None,
    run: Mapping[str, Any] | None = None,
    output: str | Path = "results/choose",
    workers: int | None = None,
    device: str = "auto",
    bits: Bits = "native",
    report: Callable[[str], None] | None = None,
) -> RecurrentGAN:
    """Chooses a loss within a budget; the same call goes on where it stopped, and a larger budget adds to it.

    Args:
        source: a table, an array (series, steps, features), a file of either, or the name of a built-in data set.
        budget: a time such as `30m` or `2h`, or a number of runs such as `60runs`.
        losses: the losses to choose among.
        cell: `gru` or `lstm`.
        score: the score to choose by.
        margin: the difference up to which losses count as equal; twice the spread of real series unless given.
        baseline: the loss that would be taken otherwise, which is confirmed too; the first unless given.
        data: settings of the data, such as `{"id_column": "customer", "window": 24}`.
        run: settings of every run.
        output: the folder of all choices.
        workers: runs at a time; as many as there are cores unless given.
        device: `auto`, `cpu` or `gpu:N`.
        bits: `native` to this processor, or `portable`: the same on every x86-64 processor with AVX2.
        report: called with a line for all that is understood, planned and found on the way, such as `print`.

    Returns:
        The generator of the median seed of the loss to take; its `answer_` holds the answer in sentences, and its
        `choice_` all that answer.json holds.

    Raises:
        UserError: anything wrong with what was asked for, in one line, or a run failed.
        KeyboardInterrupt: it was interrupted, after a checkpoint.
    """
    from rnngan_cli.data.registry import SOURCES
    from rnngan_cli.sweeps.sweep import check_orders
    from rnngan_cli.tuning.choosing.answer import answer_sentences, json_values
    from rnngan_cli.tuning.choosing.budget import parse_budget
    from rnngan_cli.tuning.choosing.carry_out import make_choice
    from rnngan_cli.tuning.choosing.study import prepare_choice

    afforded, folder = parse_budget(budget), Path(output)
    values: dict[str, Any] = {"losses": losses if isinstance(losses, str) else tuple(losses), "cells": cell}
    if isinstance(source, str) and source in SOURCES:
        values |= {"datasets": (source,), "data": dict(data or {})}
    else:
        folder.mkdir(parents=True, exist_ok=True)
        values["data"] = {**(data or {}), "file": str(as_file(source, None, folder, "given"))}
    asked = build(SweepConfig, {**values, "run": dict(run or {})}, "choice")
    orders = check_orders(Orders(device=device, bits=bits, rerun=RunState.FAILED.value), workers)
    choice = prepare_choice(asked, score, baseline, folder)
    do = _doer(orders, report)
    planned, chosen = make_choice(choice, afforded, orders.workers, do, margin=margin, say=report or (lambda _: None))
    if chosen.generator is None:
        raise UserError(f"every run of {chosen.sides.leader} diverged; the answer is in `{choice.folder.path}`")
    model = RecurrentGAN(
        chosen.sides.leader, cell=cell, data=choice.sweep.data, run={**(run or {}), "steps": planned.updates}
    )
    model.of_run(chosen.generator, is_array=isinstance(source, np.ndarray))
    model.answer_, model.choice_ = answer_sentences(choice, chosen), json_values(choice, planned, chosen)
    return model


def _doer(orders: Orders, report: Callable[[str], None] | None) -> Callable[[str, Prepared], None]:
    """A function that has runs done, and raises what a caller has to know of."""
    from rnngan_cli.results.conclude import conclude_sweep

    def do(title: str, prepared: Prepared) -> None:
        if report is not None:
            report(title)
        outcome = conclude_sweep(prepared, orders, Silent(), tables=False).outcome
        raise_from(outcome, prepared.folder.path)

    return do
