"""The matrix products of a training step, counted from its shapes.

What any implementation has to multiply, and nothing else: no gates, no losses, no optimiser. The input's share of the
gates is one product for all steps of a series; the state's share is one a step, since each waits for the one before;
the gradient of a kernel is one product for all steps. That is the least there is to do in that order of work, so the
time these products take alone is a floor under the time of a step.

One step is one update of each side:

    D   G forward on a batch; D forward and backward on two batches, real and generated
    G   G forward, D forward, D backward to the series alone, G backward
    penalty (of D's update), on one batch: D forward, backward to the series; then backward through both
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.tasks import Kind, Shape
from rnngan_cli.networks.cells import CELL_FACTS

Product = tuple[int, int, int]
"""(m, k, n): a matrix (m, k) times a matrix (k, n)."""
Products = Counter[Product]
"""How often each is done."""


@dataclass(frozen=True)
class Linear:
    """A kernel (width, outputs) that `calls` matrices (rows, width) are multiplied by, one after another.

    Attributes:
        first: whether its input is the network's own, of which no gradient is needed but where series are moved.
    """

    calls: int
    rows: int
    width: int
    outputs: int
    first: bool = False

    def forward(self) -> Products:
        """The product itself, Y = X W."""
        return Products({(self.rows, self.width, self.outputs): self.calls})

    def to_inputs(self) -> Products:
        """The gradient of the inputs, dX = dY W'."""
        return Products({(self.rows, self.outputs, self.width): self.calls})

    def to_weights(self) -> Products:
        """The gradient of the kernel, dW = X' dY, for all calls at once."""
        return Products({(self.width, self.rows * self.calls, self.outputs): 1})


def network(shape: Shape, rows: int, width: int, outputs: int) -> list[Linear]:
    """A stack of recurrent layers on `rows` series of `width` values a step, with a dense layer on top."""
    gates = CELL_FACTS[shape.cell].gates * shape.units
    kernels = []
    for layer in range(shape.layers):
        given = shape.units if layer else width
        kernels.append(Linear(1, rows * shape.steps, given, gates, first=layer == 0))
        kernels.append(Linear(shape.steps, rows, shape.units, gates))
    return [*kernels, Linear(1, rows * shape.steps, shape.units, outputs)]


def step_products(shape: Shape, kind: Kind) -> Products:
    """The products of one update of each side."""
    generator = network(shape, shape.batch, shape.latent, shape.features)
    critic, both = (network(shape, rows, shape.features, 1) for rows in (shape.batch, 2 * shape.batch))
    plain = [
        *(_forward(generator), _forward(both), _to_inputs(both), _to_weights(both)),
        *(_forward(generator), _forward(critic), _to_inputs(critic, series=True)),
        *(_to_inputs(generator), _to_weights(generator)),
    ]
    penalty = [
        *(_forward(critic), _to_inputs(critic, series=True)),
        # Back through dX = dY W': to dY, a product as Y = X W, and to W. Then back through Y = X W.
        *(_forward(critic), _to_weights(critic), _to_inputs(critic), _to_weights(critic)),
    ]
    return sum([*plain, *(penalty if kind == "penalised" else [])], Products())


def operations(products: Products) -> int:
    """Multiplications and additions in all."""
    return sum(2 * m * k * n * count for (m, k, n), count in products.items())


def _forward(kernels: Iterable[Linear]) -> Products:
    return sum((one.forward() for one in kernels), Products())


def _to_inputs(kernels: Iterable[Linear], *, series: bool = False) -> Products:
    return sum((one.to_inputs() for one in kernels if series or not one.first), Products())


def _to_weights(kernels: Iterable[Linear]) -> Products:
    return sum((one.to_weights() for one in kernels), Products())
