"""A generator as an object: fit it to a frame or an array, draw from it, keep it. Conventions of scikit-learn."""

import inspect
import json
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.cli.api import generate, train
from rnngan_cli.config import RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import copy_run, find_run
from rnngan_cli.system.atomic import npz_bytes, write_bytes
from rnngan_cli.system.reading import read_json

if TYPE_CHECKING:
    import pandas as pd

    from rnngan_cli.store import RunFolder

    SeriesSource = pd.DataFrame | np.ndarray | str | Path

SCORED_BY = "quick"
"""Protocol that a fitted run is scored by."""
KEPT_RUN, KEPT_PARAMS = "run", "estimator.json"


class RecurrentGAN:
    """A recurrent GAN with the interface of a scikit-learn estimator.

    The constructor keeps its arguments and does nothing else; `fit` trains, in a worker process, exactly as `rnngan
    train` does. What `fit` finds ends in an underscore.

    Args:
        loss: name of the loss.
        cell: `gru` or `lstm`.
        seed: seeds weights, batches and noise.
        window: steps per series cut from longer records; by default series are taken whole.
        budget: `quick`, `standard` or `long`: a third, one and four times the updates of the recipe.
        data: further settings of the data, such as `{"id_column": "customer"}`.
        run: further settings of the run, such as `{"steps": 500, "units": 48}`.
        device: `auto`, `cpu` or `gpu:N`.
        output: folder of the runs; None for a temporary one, which goes with the object.

    Attributes:
        run_: the folder of the run.
        history_: a frame with a row for each step and term: losses and diagnostics.
        scores_: the scores of the run on the test part of the data that it was fitted to, by name.
        n_features_in_: number of columns of a series.
        notes_: what was decided or is doubtful in how the data was read, a line each.
        answer_, choice_: of an object that `choose` returns, the answer in sentences, and all that answer.json holds.
    """

    run_: Path
    history_: "pd.DataFrame"
    scores_: dict[str, float]
    n_features_in_: int
    notes_: list[str]
    answer_: list[str]
    choice_: dict[str, object]

    def __init__(
        self,
        loss: str = "bce",
        *,
        cell: str = "gru",
        seed: int = 0,
        window: int | None = None,
        budget: str = "standard",
        data: Mapping[str, Any] | None = None,
        run: Mapping[str, Any] | None = None,
        device: str = "auto",
        output: str | Path | None = None,
    ) -> None:
        self.loss, self.cell, self.seed, self.window, self.budget = loss, cell, seed, window, budget
        self.data, self.run, self.device, self.output = data, run, device, output

    # Parameters, as scikit-learn's `clone` and searches ask for them

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the arguments of the constructor by name; `deep` is there for scikit-learn."""
        del deep
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> "RecurrentGAN":
        """Sets arguments of the constructor.

        Raises:
            UserError: there is no such argument.
        """
        for name, value in params.items():
            if name not in self._names():
                raise UserError(f"`{name}`: expected one of {', '.join(self._names())}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """Writes the object as its constructor is called, without what is left at its default."""
        defaults = {name: one.default for name, one in inspect.signature(type(self).__init__).parameters.items()}
        given = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name]]
        return f"{type(self).__name__}({', '.join(given)})"

    # Fitting and drawing

    def fit(self, X: "SeriesSource", y: np.ndarray | None = None) -> "RecurrentGAN":  # noqa: N803 - scikit-learn's name
        """Trains a generator.

        Args:
            X: a table as `rnngan inspect` reads it, an array (series, steps, features), or a file of either.
            y: labels (series,) of an array, for losses that use labels.

        Returns:
            The object itself.

        Raises:
            UserError: anything wrong with the data or the settings, in one line, or the run failed or diverged.
        """
        folder = Path(self.output or tempfile.mkdtemp(prefix="rnngan-"))
        folder.mkdir(parents=True, exist_ok=True)
        if self.output is None:
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        data = {**(self.data or {}), "file": str(as_file(X, y, folder, "fitted"))}
        if self.window is not None:
            data["window"] = self.window
        run = train(
            self.loss,
            output=folder / "sweep",
            cell=self.cell,
            seed=self.seed,
            data=data,
            run=self.run,
            budget=self.budget,
            protocol=SCORED_BY,
            device=self.device,
        )
        status = find_run(run).status()
        if status.state != RunState.DONE:
            raise UserError(f"the run of {self.loss} has {status.state}: {status.reason}; try another loss or seed")
        return self.of_run(run, is_array=isinstance(X, np.ndarray))

    def of_run(self, run: Path, *, is_array: bool = False) -> "RecurrentGAN":
        """Takes a run that is done for what was fitted, and returns the object itself.

        Args:
            run: its folder.
            is_array: whether `sample` returns arrays, in place of frames.
        """
        import pandas as pd

        self.run_, self._is_array = run, is_array
        folder = self._folder()
        rows = [(step, term, value) for step, terms in folder.history() for term, value in terms.items()]
        self.history_ = pd.DataFrame(rows, columns=["step", "term", "value"])
        self.scores_ = dict(folder.scores().scores)
        self.n_features_in_ = len(generate(run, 1).columns)
        self.notes_ = list(folder.provenance().notes)
        return self

    def _folder(self) -> "RunFolder":
        if not hasattr(self, "run_"):
            raise UserError(f"{self!r} has no generator yet; call `fit` or `load` first")
        return find_run(self.run_)

    def sample(self, n_samples: int = 1, *, label: str | None = None, stream: str = "generate") -> Any:
        """Draws series; the same call gives the same series.

        Args:
            n_samples: number of series.
            label: a class, for losses that use labels.
            stream: any word; another one draws other noise.

        Returns:
            A frame with the columns of the table it was fitted to, a row a step; or, fitted to an array, an array
            (series, steps, features).

        Raises:
            UserError: there is no generator yet, or it takes no label.
        """
        drawn = generate(self._folder().path, n_samples, label=label, stream=stream)
        return drawn.series if self._is_array else drawn.frame()

    def score(self, X: "SeriesSource", y: np.ndarray | None = None) -> float:  # noqa: N803 - scikit-learn's name
        """Scores as many generated series as there are in X, by minus their hiding noise: higher is better, 0 is best.

        Args:
            X: series of the same kind as those it was fitted to, that had no part in the fit.
            y: not used; there for scikit-learn.

        Raises:
            UserError: there is no generator yet, or X cannot be read or has another shape.
        """
        del y
        from rnngan_cli.evaluation.two_sample import two_sample_scores

        real, scaler = self._read(X)
        made = generate(self._folder().path, len(real), stream="score").series
        if made.shape != real.shape:
            raise UserError(f"series of {real.shape[1:]} (steps, columns); expected {made.shape[1:]}, as in the fit")
        return -two_sample_scores(scaler(real), scaler(made))["hiding_noise"]

    def _read(self, X: "SeriesSource") -> "tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]":  # noqa: N803
        """Series in their own units, and the scaling of the fit; by the range of these where categories are trained."""
        from rnngan_cli import data
        from rnngan_cli.store import read_series_format

        folder = self._folder()
        kept = read_series_format(folder)
        if isinstance(X, np.ndarray):
            real = np.asarray(X, np.float64)
        else:
            with tempfile.TemporaryDirectory() as place:
                file = as_file(X, None, Path(place), "scored")
                read = data.load(folder.config().data.model_copy(update={"file": str(file), "sha256": None}))
            parts = (read.train, read.validation, read.test)
            scaled = np.concatenate([part.series for part in parts])
            real = read.format.restore(scaled, self.seed, "score")
        if kept is not None and kept.features == len(kept.columns):
            return real, kept.scaler.transform
        low, span = real.min(axis=(0, 1)), np.ptp(real, axis=(0, 1))
        return real, lambda values: (values - low) / np.where(span > 0, span, 1)

    # Keeping

    def save(self, path: str | Path) -> None:
        """Writes the generator and the arguments into a folder, which must not be there yet.

        Raises:
            UserError: there is no generator yet, or something is at the path.
        """
        place, run = Path(path), self._folder()
        if place.exists():
            raise UserError(f"`{place}` is there already; give the name of a new folder")
        content = {"params": {**self.get_params(), "output": None}, "is_array": self._is_array}
        copy_run(run, place / KEPT_RUN)
        write_bytes(place / KEPT_PARAMS, json.dumps(content, indent=2, default=dict).encode() + b"\n")

    @classmethod
    def load(cls, path: str | Path) -> "RecurrentGAN":
        """Reads what `save` has written.

        Raises:
            UserError: there is nothing of the kind.
        """
        try:
            content = read_json(Path(path) / KEPT_PARAMS)
            made = cls(**content["params"])
        except (DamagedFileError, KeyError, TypeError) as error:
            raise UserError(f"`{path}` holds no saved {cls.__name__}: {error}") from error
        return made.of_run(Path(path) / KEPT_RUN, is_array=bool(content["is_array"]))


def as_file(given: "SeriesSource", labels: np.ndarray | None, folder: Path, name: str) -> Path:
    """Series as a file that the readers of data know.

    Raises:
        UserError: the series are no table, no array of three axes and no file; or labels do not go with them.
    """
    import pandas as pd

    if isinstance(given, np.ndarray):
        if given.ndim != 3:
            raise UserError(f"an array of {given.ndim} axes; expected 3: (series, steps, features)")
        arrays = {"series": given, **({} if labels is None else {"labels": np.asarray(labels)})}
        write_bytes(folder / f"{name}.npz", npz_bytes(arrays))
        return folder / f"{name}.npz"
    if labels is not None:
        raise UserError("`y` goes with an array; name the column of labels of a table: `data={'label_column': NAME}`")
    if isinstance(given, pd.DataFrame):
        given.to_csv(folder / f"{name}.csv", index=False)
        return folder / f"{name}.csv"
    if isinstance(given, str | Path):
        return Path(given)
    raise UserError(f"a {type(given).__name__}; expected a frame, an array (series, steps, features) or a file")
