"""Series from a finished run's generator, in the units of its data, as an array or a file."""

import io
from pathlib import Path

import numpy as np

from rnngan_cli.errors import UserError
from rnngan_cli.files import DamagedFileError, npz_bytes, write_bytes
from rnngan_cli.store import RunFolder

SUFFIXES = (".npz", ".csv")


def generate_series(run: Path, count: int, stream: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Draws series from a run's generator; the same call gives the same series.

    Args:
        run: the run's folder.
        count: how many.
        stream: any word; another one draws other noise.

    Returns:
        float64 (count, steps, features) in the data's own units, and the features' names.

    Raises:
        UserError: the folder holds no finished run, or its weights are gone.
    """
    folder = RunFolder(run)
    try:
        config = folder.config()
        weights = folder.weights()
    except DamagedFileError as error:
        raise UserError(
            f"`{run}` holds no trained run ({error}); give a folder below runs/ whose run is done"
        ) from error
    from rnngan_cli import device

    device.start("cpu")
    from rnngan_cli import data
    from rnngan_cli.training import Trainer

    dataset = data.load(config.data)
    trainer = Trainer(config, dataset)
    try:
        trainer.load_weights(weights)
    except ValueError as error:
        raise UserError(f"`{run}`: {error}; the weights are of another run") from error
    return dataset.scaler.inverse(trainer.sample(dataset, count, stream)), dataset.feature_names


def write_series(path: Path, series: np.ndarray, names: tuple[str, ...]) -> None:
    """Writes series as NPZ (`series`, `feature_names`), or as CSV with columns `series`, `step` and one a feature.

    Raises:
        UserError: another suffix, a folder that is not there, or a feature called `series` or `step` for CSV.
    """
    if path.suffix not in SUFFIXES:
        raise UserError(f"`{path}`: expected a name that ends in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise UserError(f"`{path}`: the folder `{path.parent}` is not there; make it first")
    if path.suffix == ".npz":
        write_bytes(path, npz_bytes({"series": series, "feature_names": np.array(names)}))
        return
    taken = [name for name in names if name in ("series", "step")]
    if taken:
        raise UserError(f"`{path}`: the feature `{taken[0]}` has the name of a column of its own; write .npz instead")
    import pandas as pd

    count, steps, features = series.shape
    table = pd.DataFrame(series.reshape(-1, features), columns=list(names))
    table.insert(0, "series", np.repeat(np.arange(count), steps))
    table.insert(1, "step", np.tile(np.arange(steps), count))
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    write_bytes(path, text.getvalue().encode())
