"""The command `verify`: results checked against their hashes, or a run trained again and compared."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnngan_cli.cli import completion
from rnngan_cli.cli.choices import AsJson, Results
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    from rnngan_cli.results.verify import Findings
    from rnngan_cli.sweeps.reproduce import Reproduced


def verify(
    results: Results = Path("results"),
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First make tables and pictures anew from the runs.")
    ] = False,
    reproduce: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Instead, train the run in this folder again, and compare the bits where they can be compared.",
            autocompletion=completion.run_folders,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold every file of a sweep against the hashes it was written with; exit code 3 if one is not what it was.

    A run that was trained with the bits of another kind of processor is compared within rounding instead.

    Examples:
      rnngan verify results/sweep
      rnngan verify results/sweep --rebuild
      rnngan verify --reproduce results/sweep/runs/wgan-gru-sines-s0-1a2b3c4d
    """
    if reproduce is not None:
        _reproduce(reproduce, as_json=as_json)
    else:
        _check_files(results, rebuild=rebuild, as_json=as_json)


def _check_files(results: Path, *, rebuild: bool, as_json: bool) -> None:
    """Holds the files of every sweep against their hashes, and prints what was found.

    Raises:
        DifferenceFoundError: a file is not what it was.
    """
    from rnngan_cli.errors import DifferenceFoundError
    from rnngan_cli.results.verify import verify as look
    from rnngan_cli.store import find_sweeps

    checked = {}
    for sweep in find_sweeps(results):
        if rebuild:
            _rebuild(sweep)
        checked[str(sweep.path)] = found = look(sweep)
        if not as_json:
            _print_findings(str(sweep.path), found)
    if as_json:
        typer.echo(json.dumps({path: asdict(found) for path, found in checked.items()}, indent=2))
    if faults := sum(len(found.faults) for found in checked.values()):
        files = "1 file is not what it was" if faults == 1 else f"{faults} files are not what they were"
        raise DifferenceFoundError(
            f"`{results}`: {files}; `rnngan sweep` does damaged runs anew, `--rebuild` what is derived from them"
        )


def _print_findings(path: str, found: "Findings") -> None:
    verdict = counted(len(found.faults), "fault") if found.faults else "no fault"
    typer.echo(f"{path}: {counted(found.runs, 'run')}, {counted(found.files, 'file')} as they were, {verdict}")
    for line in found.faults:
        typer.echo(f"  fault: {line}")
    for line in found.notes:
        typer.echo(f"  note: {line}")


def _rebuild(sweep: Any) -> None:
    from rnngan_cli.results.derived import refresh
    from rnngan_cli.results.figures import draw_sweep

    refresh(sweep)
    draw_sweep(sweep)


def _reproduce(path: Path, *, as_json: bool) -> None:
    """Trains a run again.

    Raises:
        DifferenceFoundError: a bit differs, or more than rounding where bits may differ.
        OtherBitsError: bits may differ and do, by no more than rounding.
    """
    from rnngan_cli.errors import DifferenceFoundError, OtherBitsError
    from rnngan_cli.store import find_run
    from rnngan_cli.sweeps.reproduce import reproduce

    found = reproduce(find_run(path))
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
    else:
        _print_reproduced(path, found)
    if found.differences:
        raise DifferenceFoundError(f"`{path}`: {'; '.join(found.differences)}")
    if found.rounding:
        raise OtherBitsError(f"`{path}`: bits cannot be compared on this machine; what can be compared agrees")


def _print_reproduced(path: Path, found: "Reproduced") -> None:
    verdict = "the same bits" if not (found.differences or found.rounding) else "bits that are the same"
    typer.echo(f"{path}: trained again; {verdict}: {', '.join(found.same) or 'none'}")
    for kind, lines in (("difference", found.differences), ("within rounding", found.rounding), ("note", found.notes)):
        for line in lines:
            typer.echo(f"  {kind}: {line}")


COMMANDS = (verify,)
