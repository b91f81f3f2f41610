"""A procedural set whose distribution is known in closed form: a first-order autoregressive Gaussian process.

Source: Yoon, Jarrett and van der Schaar, "Time-series Generative Adversarial Networks", NeurIPS 2019, section 5.1.
Departure: a series starts from the stationary distribution, so that every step has the same covariance; the paper
does not specify the start.
"""

import numpy as np

from rnngan_cli.config.options import Option
from rnngan_cli.data.dataset import FloatArray
from rnngan_cli.data.source import DataOptions, Raw, Source, numbered_features
from rnngan_cli.data.sources.procedural import SIZE_OPTIONS, data_generator, size


def autoregress(noise: FloatArray, *, phi: float) -> FloatArray:
    """Computes x_t = phi x_{t-1} + n_t, with x_0 = n_0 / sqrt(1 - phi^2).

    The scaling gives the first step the stationary covariance, cov(n) / (1 - phi^2), which all later steps keep.

    Args:
        noise: n, (series, steps, features).
        phi: autocorrelation from one step to the next, in (-1, 1).

    Returns:
        (series, steps, features).

    >>> autoregress(np.ones((1, 3, 1)), phi=0.6).ravel().round(3).tolist()
    [1.25, 1.75, 2.05]
    """
    values = noise.copy()
    values[:, 0] /= np.sqrt(1 - phi**2)
    for step in range(1, values.shape[1]):
        values[:, step] += phi * values[:, step - 1]
    return values


def load(options: DataOptions, steps: int) -> Raw:
    """Draws n ~ N(0, sigma 1 1' + (1 - sigma) I) at every step and runs it through the recurrence.

    The noise is the sum of a normal value common to all features and one for each feature, weighted by sqrt(sigma) and
    sqrt(1 - sigma). This has exactly that covariance, also at sigma = 1, where a Cholesky factor does not exist.

    Raises:
        UserError: the set would be too large.
    """
    series, steps, features = size(options, steps)
    draw = data_generator(options)
    sigma = float(options["sigma"])
    noise = np.sqrt(1 - sigma) * draw.standard_normal((series, steps, features))
    noise += np.sqrt(sigma) * draw.standard_normal((series, steps, 1))
    return Raw(series=autoregress(noise, phi=float(options["phi"])), feature_names=numbered_features(features))


SOURCES = (
    Source(
        name="ar-gaussian",
        summary="Autoregressive Gaussian, x_t = phi x_(t-1) + n, correlated features: known in closed form",
        origin="drawn here by the formula in the paper of TimeGAN (Yoon et al., 2019, section 5.1)",
        licence="none needed: procedural",
        window=24,
        labels="derived",
        options={
            "phi": Option(0.5, "Autocorrelation from one step to the next.", low=-0.99, high=0.99),
            "sigma": Option(0.8, "Correlation of the noise between features.", low=0.0, high=1.0),
            **SIZE_OPTIONS,
        },
        load=load,
    ),
)
