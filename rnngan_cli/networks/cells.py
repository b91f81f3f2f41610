"""Facts about the recurrent cells that need no TensorFlow: sizes of their weights, and when they are unrolled."""

from typing import NamedTuple


class CellFacts(NamedTuple):
    """The sizes of a cell's weights, as Keras has them, in multiples of the units.

    Attributes:
        gates: blocks of columns in the kernels, the candidate included.
        biases: rows of the bias: a GRU that resets after its product has one for the input and one for the state.
        states: parts of the state: h of a GRU, h and c of an LSTM.
    """

    gates: int
    biases: int
    states: int


CELL_FACTS = {"gru": CellFacts(gates=3, biases=2, states=1), "lstm": CellFacts(gates=4, biases=1, states=2)}
"""The facts of each cell by its name."""
MOST_UNROLLED = 96
"""Length of the longest series that is unrolled as a whole: it takes longer to compile than a loop, but less time per
step."""

VIEWS: dict[str, tuple[str, ...]] = {
    "none": (),
    "differences": ("differences",),
    "components": ("components",),
    "both": ("differences", "components"),
}
"""The maps in `views.py` that each value of the setting `views` stands for."""
