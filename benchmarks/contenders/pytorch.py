"""An ordinary recurrent GAN in PyTorch, after its DCGAN tutorial: `nn.GRU` or `nn.LSTM`, a `DataLoader` and a loop."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contenders import SETTINGS, Contender
from benchmarks.tasks import RECIPE, Kind, Shape, Task
from rnngan_cli.lazy import Tensor

LAYERS = {"gru": nn.GRU, "lstm": nn.LSTM}


class Network(nn.Module):
    """A stack of recurrent layers with a linear layer at every step."""

    def __init__(self, shape: Shape, width: int, outputs: int) -> None:
        super().__init__()
        self.recurrent = LAYERS[shape.cell](width, shape.units, shape.layers, batch_first=True)
        self.linear = nn.Linear(shape.units, outputs)

    def forward(self, series: Tensor) -> Tensor:
        """Maps series (batch, steps, width) to outputs (batch, steps, outputs)."""
        values: Tensor = self.linear(self.recurrent(series)[0])
        return values


class Gan:
    """Both networks, their optimisers and the training loop."""

    def __init__(self, shape: Shape, kind: Kind, series: np.ndarray) -> None:
        self.shape, self.settings = shape, SETTINGS[kind]
        self.generator = Network(shape, shape.latent, shape.features)
        self.discriminator = Network(shape, shape.features * (2 if self.settings.view else 1), 1)
        self.d_optimizer, self.g_optimizer = (
            torch.optim.Adam(network.parameters(), self.settings.learning_rates[side], self.settings.betas)
            for side, network in (("discriminator", self.discriminator), ("generator", self.generator))
        )
        self.d_loss, self.g_loss = LOSSES[kind]
        loader = DataLoader(TensorDataset(torch.from_numpy(series)), shape.batch, shuffle=True, drop_last=True)
        self.batches = _endless(loader)
        self.history: list[tuple[float, float]] = []

    def generate(self, count: int) -> Tensor:
        """Returns generated series (count, steps, features) in [0, 1]."""
        steps, latent = self.shape.steps, self.shape.latent
        if self.settings.noise_once:
            noise = torch.randn(count, 1, latent).expand(count, steps, latent)
        else:
            noise = torch.randn(count, steps, latent)
        return torch.sigmoid(self.generator(noise))

    def discriminate(self, series: Tensor) -> Tensor:
        """Returns the mean logit over the steps, (batch,)."""
        if self.settings.view:
            differences = nn.functional.pad(series.diff(dim=1), (0, 0, 1, 0))
            series = torch.cat([series, differences], dim=2)
        logits: Tensor = self.discriminator(series)
        return logits.mean(dim=(1, 2))

    def advance(self, steps: int) -> None:
        """Does the given number of steps, each with one update of the generator."""
        for _ in range(steps):
            for _ in range(self.settings.critic_steps):
                real = next(self.batches)
                generated = self.generate(len(real))
                d_loss = self._move_discriminator(real, generated.detach())
            self.g_optimizer.zero_grad()
            g_loss = self.g_loss(self.discriminate(generated))
            g_loss.backward()
            self.g_optimizer.step()
            self.history.append((d_loss.item(), g_loss.item()))

    def sample(self, count: int) -> np.ndarray:
        """Returns generated series, computed without gradients."""
        with torch.no_grad():
            return self.generate(count).numpy()

    def save(self, folder: Path) -> None:
        """Writes the weights of both networks."""
        torch.save(self.generator.state_dict(), folder / "generator.pt")
        torch.save(self.discriminator.state_dict(), folder / "discriminator.pt")

    def _move_discriminator(self, real: Tensor, generated: Tensor) -> Tensor:
        self.d_optimizer.zero_grad()
        if self.settings.penalty_at_series:
            logits, penalty = self._with_penalty(torch.cat([real, generated]))
            d_loss = self.d_loss(logits[: len(real)], logits[len(real) :]) + self.settings.penalty_weight * penalty
        else:
            d_loss = self.d_loss(self.discriminate(real), self.discriminate(generated))
            if self.settings.penalty_weight:
                d_loss = d_loss + self.settings.penalty_weight * self._penalty_between(real, generated)
        d_loss.backward()
        self.d_optimizer.step()
        return d_loss

    def _with_penalty(self, series: Tensor) -> tuple[Tensor, Tensor]:
        series = series.requires_grad_()
        logits = self.discriminate(series)
        (gradient,) = torch.autograd.grad(logits.sum(), series, create_graph=True)
        return logits, gradient.square().sum(dim=(1, 2)).mean()

    def _penalty_between(self, real: Tensor, generated: Tensor) -> Tensor:
        alpha = torch.rand(len(real), 1, 1)
        between = (real + alpha * (generated - real)).requires_grad_()
        logits = self.discriminate(between)
        (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
        return ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()


def prepare(task: Task, series: np.ndarray) -> Contender:
    """Returns a GAN of PyTorch's own layers."""
    if task.threads is not None:
        torch.set_num_threads(task.threads)
    gan = Gan(task.shape, task.kind, series)
    return Contender(gan.advance, gan.sample, gan.save)


def _endless(loader: Any) -> Iterator[Tensor]:
    while True:
        for (series,) in loader:
            yield series


def _cross_entropy(label: float, logits: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


Losses = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]
_CROSS_ENTROPY: Losses = (
    lambda real, fake: _cross_entropy(1.0, real) + _cross_entropy(0.0, fake),
    lambda fake: _cross_entropy(1.0, fake),
)
LOSSES: dict[Kind, Losses] = {
    "plain": _CROSS_ENTROPY,
    "penalised": (lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean()),
    RECIPE: _CROSS_ENTROPY,
}
"""Losses of the discriminator and of the generator, by kind."""
