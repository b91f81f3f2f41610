"""Facts of the recurrent cells that are known without TensorFlow: sizes of weights, and when they are unrolled."""

from typing import NamedTuple


class CellFacts(NamedTuple):
    """The sizes of a cell's weights, as Keras has them, in multiples of the units.

    Attributes:
        gates: columns of the kernels: gates and candidate side by side.
        biases: rows of the bias: a GRU that resets after its product has one of the input and one of the state.
    """

    gates: int
    biases: int


CELL_FACTS = {"gru": CellFacts(gates=3, biases=2), "lstm": CellFacts(gates=4, biases=1)}
"""The facts of each cell by its name."""
MOST_UNROLLED = 96
"""Steps of the longest series that are unrolled as a whole, which takes longer to compile than a loop, and less time a
step."""
