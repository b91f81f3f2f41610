"""What should be known of how a run ended: the reason in its status, and the notes on its scores."""

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.schemas import RunStatus, StoredScores


def remarks(status: RunStatus, scores: StoredScores) -> str:
    """Joins the reason of a run's end and the notes on its scores to one line; empty if there is nothing to tell."""
    return "; ".join([*([status.reason] if status.reason else []), *scores.notes])


def read_remarks(folder: RunFolder) -> str:
    """Reads the remarks on a run; without the notes on scores that cannot be read.

    Raises:
        DamagedFileError: the status cannot be read.
    """
    try:
        scores = folder.scores()
    except DamagedFileError:
        scores = StoredScores()
    return remarks(folder.status(), scores)
