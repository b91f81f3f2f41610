"""The command `doctor`: what this machine has, what runs will use, and what stands in their way."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnngan_cli.cli.choices import AsJson
from rnngan_cli.cli.listing import print_facts
from rnngan_cli.errors import printable

if TYPE_CHECKING:
    from rnngan_cli.system.checkup import Problem

MachineFacts = Mapping[str, Any]
"""Facts about the machine, ready for JSON."""


@dataclass(frozen=True)
class _Used:
    """Devices and layers that runs will use; empty where TensorFlow cannot be started."""

    gpus: Sequence[str] = ()
    device: str = ""
    layers: Mapping[str, str] = field(default_factory=dict)


def doctor(
    results: Annotated[Path, typer.Argument(help="Folder that results are to go to.")] = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Say what this machine has, what runs will use, and what is in their way, with a way out of each problem.

    Ends with 5 if something is broken that runs need.

    Examples:
      rnngan doctor
      rnngan doctor /data/results --json
    """
    from rnngan_cli.system import checkup, device

    workers = device.describe_cores()
    used, broken = _find_used()
    problems = [*checkup.package_problems(), *checkup.folder_problems(results)]
    problems += [*checkup.memory_problems(workers), *checkup.terminal_problems(), *_data_problems(), *broken]
    facts = _facts(results, workers, used)
    if as_json:
        listed = [{"problem": problem.what, "mend": problem.mend, "breaks": problem.breaks} for problem in problems]
        typer.echo(json.dumps({**facts, "problems": listed}, indent=2))
    else:
        _print(facts, used)
        _print_problems(problems)
    if any(problem.breaks for problem in problems):
        raise typer.Exit(5)


COMMANDS = (doctor,)


def _facts(results: Path, workers: int, used: _Used) -> MachineFacts:
    from rnngan_cli.sweeps.engines import ray
    from rnngan_cli.system import arithmetic, checkup, provenance

    return {
        "machine": provenance.machine(),
        "versions": _versions(),
        "gpus": list(used.gpus),
        "device": used.device,
        "workers": workers,
        "layers": dict(used.layers),
        "ray": ray.version(),
        "extras": checkup.extras(),
        "terminal": asdict(checkup.terminal()),
        "bits": str(arithmetic.current()),
        "results": str(results.absolute()),
        "memory_free_gib": round(checkup.free_bytes() / 2**30, 1),
    }


def _versions() -> dict[str, str]:
    """Versions of what results depend on; empty where some of it is missing, which is a problem of its own."""
    from importlib.metadata import PackageNotFoundError

    from rnngan_cli.system import provenance

    try:
        return provenance.versions()
    except PackageNotFoundError:
        return {}


def _find_used() -> "tuple[_Used, list[Problem]]":
    """Devices and layers that runs will use, and the problem where TensorFlow cannot be started."""
    from rnngan_cli.system import device
    from rnngan_cli.system.checkup import Problem

    try:
        gpus = device.quiet_gpus()
    except Exception as error:  # noqa: BLE001 - whatever a broken installation throws
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        mend = "pip install --force-reinstall tensorflow keras"
        return _Used(), [Problem(f"TensorFlow cannot be started: {first[:200]}", mend, breaks=True)]
    chosen = device.choose_device("auto", len(gpus))
    fused = {
        kind: device.use_fused_layers(chosen, second_derivatives=needed)
        for kind, needed in (("plain", False), ("penalised", True))
    }
    layers = {kind: "Keras (cuDNN)" if is_fused else "rnngan" for kind, is_fused in fused.items()}
    return _Used(gpus, chosen, layers), []


def _data_problems() -> "Iterator[Problem]":
    """Reports packages of data sets that are installed, but are not those expected."""
    from rnngan_cli.data import SOURCES
    from rnngan_cli.errors import UserError
    from rnngan_cli.system.checkup import Problem

    for source in SOURCES.values():
        if source.package is not None and source.package.is_installed:
            try:
                source.package.read(source.name)
            except UserError as error:
                what, _, mend = str(error).rpartition("; ")
                yield Problem(what, mend)


def _print(facts: MachineFacts, used: _Used) -> None:
    from rnngan_cli.system import checkup

    machine = {**facts["machine"], "memory_free_gib": facts["memory_free_gib"]}
    print_facts({**machine, "GPUs that TensorFlow sees": ", ".join(used.gpus) or "none"})
    if used.device:
        plain, penalised = used.layers["plain"], used.layers["penalised"]
        typer.echo(f"Runs will use: {used.device}, {facts['workers']} worker(s) of one thread each")
        typer.echo(f"Recurrent layers: {plain} for plain losses, {penalised} for penalised ones")
    typer.echo(f"Runs will compute: {facts['bits']}")
    print_facts(facts["versions"])
    for name, is_there in facts["extras"].items():
        typer.echo(f"Extra `{name}`: {'installed' if is_there else f'not installed ({checkup.install(name)})'}")
    terminal = facts["terminal"]
    kind = f"terminal of {terminal['columns']} columns" if terminal["is_terminal"] else "no terminal: plain lines"
    typer.echo(f"Output: {kind}, colours {terminal['colours']}, {terminal['encoding']}")
    typer.echo(printable(f"Results: {facts['results']}"))


def _print_problems(problems: "Sequence[Problem]") -> None:
    for problem in problems:
        word = "BROKEN" if problem.breaks else "problem"
        typer.echo(printable(f"{word}: {problem.what}; {problem.mend}"))
    if not problems:
        typer.echo("No problem found. Begin: rnngan sweep --losses bce,wgan")
