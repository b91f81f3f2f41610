"""Verification of results: every file of every run against its hash, and derived files against the runs."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rnngan_cli import data
from rnngan_cli.config import ENDED, DataConfig, RunConfig, run_name
from rnngan_cli.data.reference import reference_arrays, reference_key
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.derived import derive
from rnngan_cli.store import RunFolder, RunStatus, SweepFolder, examine, folders_with_manifest, left_out
from rnngan_cli.system.reading import read_folder, read_table

_REMARKS = {
    "open": "have not ended: only their checkpoints were checked",
    "old": "were made before hashes were kept: their files were read, not checked",
    "mixed": "were computed with bits of several kinds, one after another: no machine reproduces theirs",
    "lean": "have no weights or no samples here, which published copies leave out",
}
"""Notes on runs that could be checked in part only, by kind."""


@dataclass(frozen=True)
class Checked:
    """The result of checking some files.

    Attributes:
        files: the number of files that are as they were written.
        faults: a line for every file that is not.
        notes: a line for everything that could not be checked, with the reason.
    """

    files: int = 0
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckedRun:
    """The result of checking the folder of a run.

    Attributes:
        checked: the files.
        remarks: kinds of `_REMARKS` that apply to the run.
        data: the config of its data; None if it cannot be read.
    """

    checked: Checked
    remarks: tuple[str, ...]
    data: DataConfig | None


@dataclass(frozen=True)
class Findings:
    """The result of verifying a sweep.

    Attributes:
        runs: the number of folders of runs.
        files: the number of files that are as they were written.
        faults: a line for every file that is not.
        notes: a line for everything that could not be checked, with the reason.
    """

    runs: int
    files: int
    faults: list[str]
    notes: list[str]


def verify(sweep: SweepFolder) -> Findings:
    """Checks every file of a sweep except pictures and logs; nothing is written.

    The files of runs, weights and checkpoints are compared with their manifests, configs with the names of folders,
    statuses with histories, the reference series with the data, and the tables with the runs.
    """
    config = _check_config(sweep)
    try:
        folders = list(sweep.runs())
    except DamagedFileError as error:  # the pack of all runs
        return Findings(0, config.files, [*config.faults, str(error)], [])
    runs = [_check_run(folder) for folder in folders]
    datasets = {run.data.model_dump_json(): run.data for run in runs if run.data is not None}
    parts = [
        config,
        *(run.checked for run in runs),
        *(_check_reference(sweep, data_config) for data_config in datasets.values()),
    ]
    seen = Counter(kind for run in runs for kind in run.remarks)
    parts.append(_check_tables(sweep, _faults(parts), unfinished=bool(seen["open"])))
    remarks = [f"{seen[kind]} of {len(runs)} runs {words}" for kind, words in _REMARKS.items() if seen[kind]]
    notes = [note for part in parts for note in part.notes]
    return Findings(len(runs), sum(part.files for part in parts), _faults(parts), [*notes, *remarks])


def _faults(parts: Iterable[Checked]) -> list[str]:
    return [fault for part in parts for fault in part.faults]


def _check_config(sweep: SweepFolder) -> Checked:
    try:
        sweep.config()
    except DamagedFileError as error:
        return Checked(faults=(str(error),))
    return Checked(1)


def _check_run(folder: RunFolder) -> CheckedRun:
    status, damage = examine(folder)
    ended = status.state in ENDED
    if damage.keys() & {"config.json", "status.json", "manifest.json"}:
        return CheckedRun(Checked(faults=tuple(damage.values())), () if ended else ("open",), None)
    config, hashed, missing = folder.config(), folder.hashed_files(), left_out(folder)
    files = len(set(hashed) - set(damage) - set(missing))
    misfits = [] if "history.csv" in damage else _misfits(folder, config, status)
    kept = _check_manifests(folder)
    applies = {"open": not ended, "old": ended and not hashed, "mixed": _is_mixed(folder), "lean": bool(missing)}
    faults = (*damage.values(), *misfits, *kept.faults)
    return CheckedRun(
        Checked(files + kept.files, faults), tuple(kind for kind, true in applies.items() if true), config.data
    )


def _is_mixed(folder: RunFolder) -> bool:
    """Whether a run was moved to a machine with other bits before it ended."""
    try:
        return len(folder.provenance().arithmetic) > 1
    except DamagedFileError:  # reported already
        return False


def _misfits(folder: RunFolder, config: RunConfig, status: RunStatus) -> list[str]:
    """Lists contradictions within a run: its config with the name of its folder, its status with its history."""
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


def _check_manifests(folder: RunFolder) -> Checked:
    """Checks the folders of a run with a manifest of their own: weights and checkpoints."""
    files, faults = 0, []
    for path in folders_with_manifest(folder):
        try:
            files += len(read_folder(path))
        except DamagedFileError as error:
            faults.append(str(error))
    return Checked(files, tuple(faults))


def _check_reference(sweep: SweepFolder, config: DataConfig) -> Checked:
    """Compares the real series stored for pictures with the data they were taken from."""
    try:
        dataset = data.load(config)
    except UserError as error:
        return Checked(notes=(f"the reference of {config.name} was not checked: {error}",))
    key, expected = reference_key(config.name, dataset), reference_arrays(dataset)
    try:
        kept = sweep.reference(key)
    except DamagedFileError as error:
        return Checked(faults=(str(error),))
    if kept.keys() == expected.keys() and all((kept[name] == expected[name]).all() for name in expected):
        return Checked(1)
    return Checked(faults=(f"`{sweep.reference_path(key)}` is not what the data gives",))


def _check_tables(sweep: SweepFolder, reported: Collection[str], *, unfinished: bool) -> Checked:
    """Derives the tables again, in memory, and compares; faults that are `reported` already are left out."""
    derived, damage = derive(sweep)
    files, faults, notes = 0, [line for line in damage if line not in reported], []
    for path, text in derived.items():
        try:
            same = read_table(path) == text
        except DamagedFileError as error:
            faults.append(f"{error}; `--rebuild` writes it anew")
            continue
        if same:
            files += 1
        elif unfinished:
            notes.append(f"`{path}` is older than some runs: the sweep goes on")
        else:
            faults.append(f"`{path}` is not what the runs give; `--rebuild` writes it anew")
    return Checked(files, tuple(faults), tuple(notes))
