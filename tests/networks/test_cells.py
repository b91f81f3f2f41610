"""Facts of the cells that are written down, against the layers that Keras makes."""

import keras
import pytest

from rnngan_cli.networks import scan
from rnngan_cli.networks.cells import CELL_FACTS, MOST_UNROLLED
from rnngan_cli.networks.recurrent import CELLS


def test_every_cell_has_its_facts() -> None:
    assert list(CELL_FACTS) == list(CELLS)


@pytest.mark.parametrize("cell", list(CELL_FACTS))
def test_gates_and_biases_are_those_of_the_layers_weights(cell: str) -> None:
    units, width = 5, 3
    layer = CELLS[cell].layer(units)
    layer.build((None, None, width))
    kernel, recurrent_kernel, bias = layer.get_weights()
    facts = CELL_FACTS[cell]
    assert kernel.shape == (width, facts.gates * units)
    assert recurrent_kernel.shape == (units, facts.gates * units)
    assert bias.size == facts.biases * facts.gates * units


def test_the_longest_series_that_is_unrolled_is_the_one_written_down() -> None:
    assert scan.WHOLE == MOST_UNROLLED
    assert not scan.is_long(keras.ops.zeros((MOST_UNROLLED, 1, 1)))
    assert scan.is_long(keras.ops.zeros((MOST_UNROLLED + 1, 1, 1)))
