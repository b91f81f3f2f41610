"""The floor: products counted by hand, and against what a training step really multiplies."""

from benchmarks.products import Linear, network, operations, step_products
from benchmarks.tasks import Shape


def test_a_kernel_is_multiplied_once_a_call_forward_and_back_and_once_in_all_for_its_gradient() -> None:
    one = Linear(calls=3, rows=4, width=5, outputs=6)
    assert one.forward() == {(4, 5, 6): 3}
    assert one.to_inputs() == {(4, 6, 5): 3}
    assert one.to_weights() == {(5, 12, 6): 1}
    assert operations(one.forward()) == operations(one.to_inputs()) == operations(one.to_weights()) == 3 * 2 * 4 * 5 * 6


def test_a_network_projects_inputs_at_once_and_states_step_by_step() -> None:
    shape = Shape(cell="lstm", layers=2, units=3, steps=7)
    assert network(shape, rows=4, width=2, outputs=1) == [
        Linear(1, 28, 2, 12, first=True),
        Linear(7, 4, 3, 12),
        Linear(1, 28, 3, 12),
        Linear(7, 4, 3, 12),
        Linear(1, 28, 3, 1),
    ]


def test_the_smallest_step_by_hand() -> None:
    """One unit, one step, one series, one feature, one noise value: a GRU's kernels are (1, 3), the last (1, 1).

    With a = 2 x 3 operations for each of a layer's kernels and b = 2 for the dense one, forward is 2a + b on one
    series. D: G forward, D forward on two series, to inputs on two without the first kernel, to weights on two.
    G: G and D forward, D to inputs, G to inputs without the first kernel, G to weights.
    """
    shape = Shape(layers=1, units=1, batch=1, steps=1, features=1, latent=1)
    a, b = 6, 2
    forward, inner = 2 * a + b, a + b
    discriminator = forward + 2 * forward + 2 * inner + 2 * forward
    generator = forward + forward + forward + inner + forward
    assert operations(step_products(shape, "plain")) == discriminator + generator
    penalty = forward + forward + forward + forward + inner + forward
    assert operations(step_products(shape, "penalised")) == discriminator + generator + penalty


def test_the_smallest_step_by_the_recipe_by_hand() -> None:
    """As above, with two features for D to read: its first kernel is (2, 3), and takes 2a of its 3a + b.

    D, twice: G forward, D forward and to the series on two series; then forward, to inputs without the first kernel,
    and twice to weights. G as above.
    """
    shape = Shape(layers=1, units=1, batch=1, steps=1, features=1, latent=1)
    a, b = 6, 2
    forward_g, forward_d, inner = 2 * a + b, 3 * a + b, a + b
    discriminator = forward_g + 2 * (forward_d + forward_d + forward_d + forward_d + inner + forward_d)
    generator = forward_g + forward_d + forward_d + inner + forward_g
    assert operations(step_products(shape, "recipe")) == 2 * discriminator + generator


def test_noise_that_enters_once_is_projected_once() -> None:
    once, anew = (network(Shape(layers=2, steps=7), 4, 2, 1, once=once) for once in (True, False))
    assert (once[0].rows, anew[0].rows) == (4, 28)
    assert once[1:] == anew[1:]


def test_the_published_shape_takes_410_million_operations() -> None:
    """A count made by hand before this code was written, for two layers of 24 units."""
    assert 400e6 < operations(step_products(Shape(), "plain")) < 420e6


def test_operations_are_linear_in_steps_and_batch() -> None:
    base = operations(step_products(Shape(), "penalised"))
    assert operations(step_products(Shape(steps=48), "penalised")) == 2 * base
    assert operations(step_products(Shape(batch=256), "penalised")) == 2 * base


def test_a_penalised_step_does_all_that_a_plain_one_does_and_more() -> None:
    plain, penalised = (step_products(Shape(steps=192), kind) for kind in ("plain", "penalised"))
    assert plain < penalised  # as counters: nothing less often
