"""The matrix products of a training step, counted from its shapes.

These are the products that any implementation needs, without gates, losses or optimiser. The input part of the gates is
one product for all steps of a series; the recurrent part is one product per step, since each step needs the previous
state; the gradient of a kernel is one product for all steps. No less work is possible in this order, so the time of
these products alone is a floor for the time of a step.

A step is one update of each network:

    D   G forward on a batch; D forward and backward on two batches, real and generated
    G   G forward, D forward, D backward to the series alone, G backward
    penalty (of D's update), on one batch: D forward, backward to the series; then backward through both

By the recipe D is updated twice, reads twice the features, and its penalty is on both batches and shares D's forward
pass for the loss; noise enters once for a series.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.contenders import SETTINGS
from benchmarks.tasks import RECIPE, Kind, Shape
from rnngan_cli.networks.cells import CELL_FACTS

Product = tuple[int, int, int]
"""(m, k, n): a matrix (m, k) times a matrix (k, n)."""
Products = Counter[Product]
"""How often each product is computed."""


@dataclass(frozen=True)
class Linear:
    """A kernel (width, outputs) by which `calls` matrices (rows, width) are multiplied in sequence.

    Attributes:
        first: whether its input is that of the network, whose gradient is needed only where series are moved.
    """

    calls: int
    rows: int
    width: int
    outputs: int
    first: bool = False

    def forward(self) -> Products:
        """Returns the forward products, Y = X W."""
        return Products({(self.rows, self.width, self.outputs): self.calls})

    def to_inputs(self) -> Products:
        """Returns the products of the gradient of the inputs, dX = dY W'."""
        return Products({(self.rows, self.outputs, self.width): self.calls})

    def to_weights(self) -> Products:
        """Returns the product of the gradient of the kernel, dW = X' dY, for all calls at once."""
        return Products({(self.width, self.rows * self.calls, self.outputs): 1})


def network(shape: Shape, rows: int, width: int, outputs: int, *, once: bool = False) -> list[Linear]:
    """Returns the kernels of a stack of recurrent layers with a dense layer on top.

    Args:
        shape: sizes of the network.
        rows: number of series.
        width: values per step of a series.
        outputs: outputs of the dense layer per step.
        once: whether the input of the network is the same at every step of a series.
    """
    gates = CELL_FACTS[shape.cell].gates * shape.units
    kernels = []
    for layer in range(shape.layers):
        given = shape.units if layer else width
        first = layer == 0
        kernels.append(Linear(1, rows * (1 if once and first else shape.steps), given, gates, first=first))
        kernels.append(Linear(shape.steps, rows, shape.units, gates))
    return [*kernels, Linear(1, rows * shape.steps, shape.units, outputs)]


def step_products(shape: Shape, kind: Kind) -> Products:
    """Returns the products of an update of the generator, with those of the discriminator that go with it."""
    if kind == RECIPE:
        return _recipe_products(shape)
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


def _recipe_products(shape: Shape) -> Products:
    generator = network(shape, shape.batch, shape.latent, shape.features, once=SETTINGS[RECIPE].noise_once)
    critic, both = (network(shape, rows, 2 * shape.features, 1) for rows in (shape.batch, 2 * shape.batch))
    of_discriminator = [
        *(_forward(generator), _forward(both), _to_inputs(both, series=True)),
        # Back through dX = dY W', and with the gradient of the loss through Y = X W.
        *(_forward(both), _to_weights(both), _to_inputs(both), _to_weights(both)),
    ]
    of_generator = [
        *(_forward(generator), _forward(critic), _to_inputs(critic, series=True)),
        *(_to_inputs(generator), _to_weights(generator)),
    ]
    return sum([*of_discriminator * SETTINGS[RECIPE].critic_steps, *of_generator], Products())


def operations(products: Products) -> int:
    """Returns the total number of multiplications and additions."""
    return sum(2 * m * k * n * count for (m, k, n), count in products.items())


def _forward(kernels: Iterable[Linear]) -> Products:
    return sum((kernel.forward() for kernel in kernels), Products())


def _to_inputs(kernels: Iterable[Linear], *, series: bool = False) -> Products:
    return sum((kernel.to_inputs() for kernel in kernels if series or not kernel.first), Products())


def _to_weights(kernels: Iterable[Linear]) -> Products:
    return sum((kernel.to_weights() for kernel in kernels), Products())
