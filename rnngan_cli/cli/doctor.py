"""The command `doctor`: what this machine has, what runs will use, and what stands in their way."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnngan_cli.cli.choices import AsJson
from rnngan_cli.cli.listing import print_facts
from rnngan_cli.errors import printable

if TYPE_CHECKING:
    from rnngan_cli.system.checkup import Problem


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
    from rnngan_cli.sweeps.engines import ray
    from rnngan_cli.system import checkup, device, provenance

    workers = device.describe_cores()
    problems = [*checkup.package_problems(), *checkup.folder_problems(results)]
    problems += [*checkup.memory_problems(workers), *checkup.terminal_problems()]
    used = _used(problems)
    facts = {
        "machine": provenance.machine(),
        "versions": _versions(),
        "gpus": used.get("gpus", []),
        "device": used.get("device", ""),
        "workers": workers,
        "layers": used.get("layers", {}),
        "ray": ray.version(),
        "extras": checkup.extras(),
        "terminal": checkup.terminal(),
        "results": str(results.absolute()),
        "memory_free_gib": round(checkup.free_bytes() / 2**30, 1),
        "problems": [{"problem": one.what, "mend": one.mend, "breaks": one.breaks} for one in problems],
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    else:
        _tell(facts, problems)
    if any(one.breaks for one in problems):
        raise typer.Exit(5)


COMMANDS = (doctor,)


def _versions() -> dict[str, str]:
    """Of what results depend on; nothing where some of that is not installed, which is a problem told by itself."""
    from importlib.metadata import PackageNotFoundError

    from rnngan_cli.system import provenance

    try:
        return provenance.versions()
    except PackageNotFoundError:
        return {}


def _used(problems: "list[Problem]") -> dict[str, Any]:
    """What runs will use; a problem more, and nothing, where TensorFlow cannot be started."""
    from rnngan_cli.system import device
    from rnngan_cli.system.checkup import Problem

    try:
        gpus = device.quiet_gpus()
    except Exception as error:  # noqa: BLE001 - whatever a broken installation throws
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        mend = "pip install --force-reinstall tensorflow keras"
        problems.append(Problem(f"TensorFlow cannot be started: {first[:200]}", mend, breaks=True))
        return {}
    chosen = device.choose_device("auto", len(gpus))
    fused = {
        kind: device.use_fused_layers(chosen, second_derivatives=needed)
        for kind, needed in (("plain", False), ("penalised", True))
    }
    layers = {kind: "Keras (cuDNN)" if used else "rnngan" for kind, used in fused.items()}
    return {"gpus": gpus, "device": chosen, "layers": layers}


def _tell(facts: dict[str, Any], problems: "list[Problem]") -> None:
    from rnngan_cli.system import checkup

    machine = {**facts["machine"], "memory_free_gib": facts["memory_free_gib"]}
    print_facts({**machine, "GPUs that TensorFlow sees": ", ".join(facts["gpus"]) or "none"})
    if facts["device"]:
        layers = facts["layers"]
        typer.echo(f"Runs will use: {facts['device']}, {facts['workers']} worker(s) of one thread each")
        typer.echo(f"Recurrent layers: {layers['plain']} for plain losses, {layers['penalised']} for penalised ones")
    print_facts(facts["versions"])
    for name, there in facts["extras"].items():
        typer.echo(f"Extra `{name}`: {'installed' if there else f'not installed ({checkup.install(name)})'}")
    terminal = facts["terminal"]
    kind = f"terminal of {terminal['columns']} columns" if terminal["is_terminal"] else "no terminal: plain lines"
    typer.echo(f"Output: {kind}, colours {terminal['colours']}, {terminal['encoding']}")
    typer.echo(printable(f"Results: {facts['results']}"))
    for one in problems:
        typer.echo(printable(f"{'BROKEN' if one.breaks else 'problem'}: {one.what}; {one.mend}"))
    if not problems:
        typer.echo("No problem found. Begin: rnngan sweep --losses bce,wgan")
