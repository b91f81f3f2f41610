"""Historical averaging: networks that stay near the mean of their past weights."""

from collections.abc import Mapping
from dataclasses import replace

import keras
import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.losses.game import Outcome
from rnngan_cli.networks import build


class PastWeights:
    """The means of the weights of networks over all updates (Salimans et al. 2016, section 3.3).

    Args:
        networks: the networks that are trained, by name.
        weight: weight of the squared distance from the means in the losses; 0 turns historical averaging off.

    Attributes:
        means: a variable for every weight by place, by the name of the network; empty if turned off.
    """

    def __init__(self, networks: Mapping[str, keras.Model], weight: float) -> None:
        self.networks, self.weight = networks, weight
        self.means = {name: _copies(network) for name, network in networks.items()} if weight else {}

    def reset(self) -> None:
        """Sets the means to the present weights, at the start of a run."""
        for name, means in self.means.items():
            for place, weight in build.weight_places(self.networks[name]).items():
                means[place].assign(weight)

    def anchored(self, outcome: Outcome) -> tuple[Outcome, dict[str, Tensor]]:
        """Adds to each loss the squared distance of its network's weights from their mean, times `weight`.

        Returns:
            The outcome with these losses; and the distances as terms, `d_past` and so on.
        """
        distances = {name: self._distance(name) for name in outcome.losses if name in self.means}
        totals = {name: outcome.losses[name] + self.weight * value for name, value in distances.items()}
        terms = {f"{name[0]}_past": value for name, value in distances.items()}
        return replace(outcome, losses={**outcome.losses, **totals}), terms

    def _distance(self, name: str) -> Tensor:
        places = build.weight_places(self.networks[name])
        return tf.add_n(
            [tf.reduce_sum(tf.square(weight - self.means[name][place])) for place, weight in places.items()]
        )

    def remember(self, name: str, counter: Tensor) -> None:
        """Updates the mean of a network's weights over the start and all updates; `counter` updates came before."""
        if name in self.means:
            for place, weight in build.weight_places(self.networks[name]).items():
                mean = self.means[name][place]
                mean.assign_add((weight - mean) / (tf.cast(counter, mean.dtype) + 2))


def _copies(network: keras.Model) -> dict[str, Tensor]:
    """Creates a variable for every weight of a network, with its value, by place."""
    return {place: tf.Variable(weight, trainable=False) for place, weight in build.weight_places(network).items()}
