"""The ten losses. Nothing outside this package knows one by name.

`VARIANTS` has one row a loss. A new loss is a function or two in `scores.py` and a row here; CONTRIBUTING.md shows one.
"""

from rnngan_cli.errors import unknown
from rnngan_cli.losses import informative, plain, scores, variational
from rnngan_cli.losses.variant import Heads, Variant
from rnngan_cli.options import Option

WHOLE_SERIES = ("mean", "last")
"""Readouts for losses that are divergences between whole series: they need one number a series."""

_LEAST_SQUARES_LABELS = {"zero-one": (0.0, 1.0, 1.0), "pearson": (-1.0, 1.0, 0.0)}  # (a, b, c) of the paper
_KL_FORMS = {
    "paper": (scores.kl_discriminator, scores.kl_generator),
    "alternative": (scores.kl_discriminator, scores.kl_generator_alternative),
    "reverse": (scores.reverse_kl_discriminator, scores.reverse_kl_generator),
}

_ROWS = (
    Variant(
        name="bce",
        title="Non-saturating GAN",
        d_formula="E sp(-D(x)) + E sp(D(G(z)))",
        g_formula="E sp(-D(G(z)))",
        divergence="Jensen-Shannon in the discriminator; the generator follows KL(generated, real) - 2 JS",
        expect="The usual default. Unpenalised it oscillates with a strong discriminator; r1 helps.",
        source="Goodfellow et al. 2014, Generative Adversarial Nets, section 3",
        d_loss=plain.discriminator_loss(lambda _, real, fake: scores.bce_discriminator(real, fake)),
        g_loss=plain.generator_loss(lambda _, fake: scores.bce_generator(fake)),
    ),
    Variant(
        name="mse",
        title="Least-squares GAN",
        d_formula="1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2",
        g_formula="1/2 E (D(G(z)) - 1)^2",
        divergence="Pearson chi^2 with labels (-1, 1, 0); no f-divergence with (0, 1, 1), the labels most used",
        expect="Gradients do not fade for series the discriminator rejects. On logits, never on sigmoid outputs.",
        source="Mao et al. 2017, Least Squares Generative Adversarial Networks",
        d_loss=plain.discriminator_loss(
            lambda options, real, fake: scores.least_squares_discriminator(
                real,
                fake,
                low=_LEAST_SQUARES_LABELS[str(options["labels"])][0],
                high=_LEAST_SQUARES_LABELS[str(options["labels"])][1],
            )
        ),
        g_loss=plain.generator_loss(
            lambda options, fake: scores.least_squares_generator(
                fake, target=_LEAST_SQUARES_LABELS[str(options["labels"])][2]
            )
        ),
        threshold=None,  # half-way between the labels, which are an option
        options={
            "labels": Option(
                "zero-one",
                "Targets (generated, real, generator's): (0, 1, 1) or (-1, 1, 0).",
                tuple(_LEAST_SQUARES_LABELS),
            )
        },
    ),
    Variant(
        name="mae",
        title="Absolute-error GAN",
        d_formula="E |1 - s(D(x))| + E |s(D(G(z)))|",
        g_formula="E |1 - s(D(G(z)))|",
        divergence="Total variation: the optimal discriminator's loss is 1 - TV",
        expect="Weak: its optimal discriminator is an indicator, so gradients vanish where supports do not overlap.",
        source="Nowozin et al. 2016, f-GAN (total variation), up to a constant",
        d_loss=plain.discriminator_loss(lambda _, real, fake: scores.absolute_discriminator(real, fake)),
        g_loss=plain.generator_loss(lambda _, fake: scores.absolute_generator(fake)),
        readouts=WHOLE_SERIES,
    ),
    Variant(
        name="kld",
        title="Kullback-Leibler f-GAN",
        d_formula="-E D(x) + E exp(D(G(z)) - 1)",
        g_formula="-E exp(D(G(z)) - 1); form alternative: -E D(G(z)); form reverse: 1 - E D(G(z))",
        divergence="KL(real, generated); form alternative and reverse: the generator follows KL(generated, real)",
        expect="exp makes it touchy: watch bound_share, the share of logits beyond the bound of exp.",
        source="Nowozin et al. 2016, f-GAN: Training Generative Neural Samplers using Variational Divergence",
        d_loss=plain.discriminator_loss(
            lambda options, real, fake: _KL_FORMS[str(options["form"])][0](real, fake),
            lambda _, fake: {"bound_share": scores.bound_share(fake)},
        ),
        g_loss=plain.generator_loss(lambda options, fake: _KL_FORMS[str(options["form"])][1](fake)),
        readouts=WHOLE_SERIES,
        threshold=None,  # 1 for two forms, 0 for the third
        options={"form": Option("paper", "Which divergence the two networks play.", tuple(_KL_FORMS))},
    ),
    Variant(
        name="vae",
        title="VAE-GAN",
        d_formula="E sp(-D(x)) + E sp(D(G(z))) + E sp(D(G(E(x))))",
        g_formula="G: E sp(-D(G(z))) + E sp(-D(G(E(x)))) + gamma rec; E: KL + rec; rec = 1/2 E ||h(x) - h(G(E(x)))||^2",
        divergence="Jensen-Shannon, and a variational bound in the discriminator's feature space",
        expect="Covers the data better than it sharpens it. Scored on prior samples only, as every loss.",
        source="Larsen et al. 2016, Autoencoding beyond pixels using a learned similarity metric",
        d_loss=variational.d_loss,
        g_loss=variational.g_loss,
        recognizer=Heads(variational.head_widths, shared_trunk=False),
        readouts=WHOLE_SERIES,
        options=variational.OPTIONS,
    ),
    Variant(
        name="gan",
        title="Original minimax GAN",
        d_formula="E sp(-D(x)) + E sp(D(G(z)))",
        g_formula="-E sp(D(G(z)))",
        divergence="Jensen-Shannon: at the optimal discriminator both play 2 JS - 2 log 2",
        expect="Saturates: the generator's gradient fades while the discriminator is sure, as early in training.",
        source="Goodfellow et al. 2014, Generative Adversarial Nets, eq. 1",
        d_loss=plain.discriminator_loss(lambda _, real, fake: scores.bce_discriminator(real, fake)),
        g_loss=plain.generator_loss(lambda _, fake: scores.minimax_generator(fake)),
    ),
    Variant(
        name="wgan",
        title="Wasserstein GAN",
        d_formula="E D(G(z)) - E D(x) + penalty (gp, 10)",
        g_formula="-E D(G(z))",
        divergence="Wasserstein-1 distance, as far as the critic is 1-Lipschitz",
        expect="Steady, and dear: the penalty needs second derivatives; it likes several critic steps.",
        source="Arjovsky et al. 2017, Wasserstein GAN; penalty: Gulrajani et al. 2017, Petzka et al. 2018",
        d_loss=plain.discriminator_loss(
            lambda _, real, fake: scores.wasserstein_discriminator(real, fake),
            lambda real, fake: {"wasserstein": -scores.wasserstein_discriminator(real, fake)},
        ),
        g_loss=plain.generator_loss(lambda _, fake: scores.wasserstein_generator(fake)),
        readouts=WHOLE_SERIES,
        penalty="gp",
        penalties=("gp", "lp"),
        threshold=None,
    ),
    Variant(
        name="igan",
        title="Improved techniques: feature matching",
        d_formula="E [a sp(-D(x)) + (1 - a) sp(D(x))] + E sp(D(G(z))), a = 0.9",
        g_formula="||E h(x) - E h(G(z))||^2, h the discriminator's recurrent output pooled over time",
        divergence="None: a moment match in the discriminator's feature space",
        expect="Steady; sees only batch means of features, so it can miss what those do not show.",
        source="Salimans et al. 2016, Improved Techniques for Training GANs",
        d_loss=plain.discriminator_loss(
            lambda options, real, fake: scores.smoothed_discriminator(real, fake, target=float(options["smoothing"]))
        ),
        g_loss=plain.feature_matching_loss,
        options={"smoothing": Option(0.9, "Label of real series; generated ones keep 0.", low=0.5, high=1.0)},
    ),
    Variant(
        name="cgan",
        title="Conditional GAN",
        d_formula="E sp(-D(x, y)) + E sp(D(G(z, y), y))",
        g_formula="E sp(-D(G(z, y), y))",
        divergence="As bce, between joint distributions of series and label",
        expect="Uses labels: given ones, or classes derived by k-means. Sampled with the training label distribution.",
        source="Mirza & Osindero 2014, Conditional GANs; recurrent form: Esteban et al. 2017, RCGAN",
        d_loss=plain.discriminator_loss(lambda _, real, fake: scores.bce_discriminator(real, fake)),
        g_loss=plain.generator_loss(lambda _, fake: scores.bce_generator(fake)),
        draw=plain.draw_labels,
        conditions=plain.label_width,
        conditions_seen=True,
        needs_labels=True,
    ),
    Variant(
        name="infogan",
        title="Information-maximising GAN",
        d_formula="E sp(-D(x)) + E sp(D(G(z, c))) - weight * L_I, L_I = E log Q(c given G(z, c)) + H(c)",
        g_formula="E sp(-D(G(z, c))) - weight * L_I",
        divergence="As bce, plus a lower bound on the mutual information of codes and series",
        expect="Codes one can turn; they take capacity from the match, and need not mean what one hopes.",
        source="Chen et al. 2016, InfoGAN",
        d_loss=informative.d_loss,
        g_loss=informative.g_loss,
        draw=informative.draw_codes,
        conditions=informative.code_width,
        recognizer=Heads(informative.head_widths, shared_trunk=True),
        readouts=WHOLE_SERIES,
        options=informative.OPTIONS,
    ),
)

VARIANTS: dict[str, Variant] = {row.name: row for row in _ROWS}


def variant(name: str) -> Variant:
    """The loss registered as `name`.

    Raises:
        UserError: there is none; the nearest known name is told.
    """
    if name not in VARIANTS:
        raise unknown("loss", name, VARIANTS)
    return VARIANTS[name]
