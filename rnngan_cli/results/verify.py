"""Results held against what they were written with: every file of every run, and what is derived from them."""

from collections import Counter
from dataclasses import dataclass, field

from rnngan_cli import data
from rnngan_cli.config import ENDED, DataConfig, RunConfig, run_name
from rnngan_cli.data.reference import reference_arrays, reference_key
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.derived import derive
from rnngan_cli.store import RunFolder, RunStatus, SweepFolder, examine, folders_with_manifest, left_out
from rnngan_cli.system.reading import read_folder, read_table


@dataclass
class Findings:
    """What was looked at and what was found.

    Attributes:
        runs: folders of runs.
        files: that are what they should be.
        faults: a line for every file that is not.
        notes: what could not be checked, and why.
    """

    runs: int = 0
    files: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(sweep: SweepFolder) -> Findings:
    """Looks at every file of a sweep but its pictures and logs; nothing is written.

    Runs are held against their manifests, names and histories, weights and checkpoints against their manifests, the
    reference against the data, tables against what the runs give.
    """
    found, seen = Findings(), Counter[str]()
    datasets: dict[str, DataConfig] = {}
    try:
        sweep.config()
        found.files += 1
    except DamagedFileError as error:
        found.faults.append(str(error))
    try:
        folders = list(sweep.runs())
    except DamagedFileError as error:  # the pack of all runs
        found.faults.append(str(error))
        return found
    for folder in folders:
        found.runs += 1
        status, damage = examine(folder)
        found.faults += damage.values()
        seen["open"] += status.state not in ENDED
        if damage.keys() & {"config.json", "status.json", "manifest.json"}:
            continue
        config, hashed = folder.config(), folder.hashed_files()
        datasets[config.data.model_dump_json()] = config.data
        missing = left_out(folder)
        found.files += len(set(hashed) - set(damage) - set(missing))
        found.faults += [] if "history.csv" in damage else _misfits(folder, config, status)
        seen["old"] += status.state in ENDED and not hashed
        seen["lean"] += bool(missing)
        _check_manifests(folder, found)
    _check_references(sweep, list(datasets.values()), found)
    _check_tables(sweep, found, unfinished=bool(seen["open"]))
    told = {
        "open": "have not ended: only their checkpoints were checked",
        "old": "were made before hashes were kept: their files were read, not checked",
        "lean": "have no weights or no samples here, which published copies leave out",
    }
    found.notes += [f"{seen[kind]} of {found.runs} runs {words}" for kind, words in told.items() if seen[kind]]
    return found


def _misfits(folder: RunFolder, config: RunConfig, status: RunStatus) -> list[str]:
    """What does not fit within a run: its folder's name, how far it says it came."""
    found = []
    if run_name(config) != folder.path.name:
        found.append(
            f"`{folder.path / 'config.json'}` does not fit the folder's name, which should be {run_name(config)}"
        )
    if status.state in ENDED:
        last = folder.history()[-1][0]
        if status.step != last:
            found.append(f"`{folder.path / 'status.json'}` says step {status.step}, its history ends at {last}")
    return found


def _check_manifests(folder: RunFolder, found: Findings) -> None:
    for path in folders_with_manifest(folder):
        try:
            found.files += len(read_folder(path))
        except DamagedFileError as error:
            found.faults.append(str(error))


def _check_references(sweep: SweepFolder, datasets: list[DataConfig], found: Findings) -> None:
    """Holds the real series kept for pictures against the data they were taken from."""
    for config in datasets:
        try:
            dataset = data.load(config)
        except UserError as error:
            found.notes.append(f"the reference of {config.name} was not checked: {error}")
            continue
        key, expected = reference_key(config.name, dataset), reference_arrays(dataset)
        try:
            kept = sweep.reference(key)
        except DamagedFileError as error:
            found.faults.append(str(error))
            continue
        same = kept.keys() == expected.keys() and all((kept[name] == expected[name]).all() for name in expected)
        if same:
            found.files += 1
        else:
            found.faults.append(f"`{sweep.reference_path(key)}` is not what the data gives")


def _check_tables(sweep: SweepFolder, found: Findings, *, unfinished: bool) -> None:
    """Makes the derived tables anew, in memory, and compares."""
    derived, damage = derive(sweep)
    found.faults += [line for line in damage if line not in found.faults]
    for path, text in derived.items():
        try:
            same = read_table(path) == text
        except DamagedFileError as error:
            found.faults.append(f"{error}; `--rebuild` writes it anew")
            continue
        if same:
            found.files += 1
        elif unfinished:
            found.notes.append(f"`{path}` is older than some runs: the sweep goes on")
        else:
            found.faults.append(f"`{path}` is not what the runs give; `--rebuild` writes it anew")
