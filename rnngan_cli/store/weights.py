"""The weights of the trained networks of a run, in a folder with a manifest of its own."""

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.manifest import content_hash
from rnngan_cli.store.run import RunFolder
from rnngan_cli.system.atomic import npz_bytes, write_folder
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.reading import parse_json, read_folder, read_npz

WEIGHTS_FOLDER, MANIFEST = "weights", "weights/manifest.json"


def write_weights(run: RunFolder, state: Arrays) -> None:
    """Writes the weights of the trained networks, without the state of the optimisers.

    Args:
        run: the run.
        state: arrays by part and name, as a trainer gives them.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    parts = {name: arrays for name, arrays in state.items() if not name.startswith(("optimizer-", "past-"))}
    write_folder(run.path / WEIGHTS_FOLDER, {f"{name}.npz": npz_bytes(arrays) for name, arrays in parts.items()})


def read_weights(run: RunFolder) -> Arrays:
    """The weights of the trained networks, by network and place.

    Raises:
        DamagedFileError: they are missing or damaged.
    """
    run.check(MANIFEST)
    files = read_folder(run.files.place(WEIGHTS_FOLDER))
    return {name.removesuffix(".npz"): read_npz(path) for name, path in files.items()}


def weights_sha256(run: RunFolder) -> str:
    """Hash of the weights of the trained networks, from their manifest; empty if there are none."""
    try:
        return content_hash(parse_json(run.files.label(MANIFEST), run.files.read(MANIFEST)))
    except DamagedFileError:
        return ""
