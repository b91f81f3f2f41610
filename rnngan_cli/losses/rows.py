"""The ten losses, one row each: what they are, where they are from, and the functions they are made of."""

from rnngan_cli.config import RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.errors import UserError
from rnngan_cli.losses import conditional, informative, plain, scores, variational
from rnngan_cli.losses.game import Options
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES
from rnngan_cli.losses.variant import DiscriminatorRules, GeneratorInputs, Heads, LossText, PaperSettings, Variant

ONE_SCORE = ("mean", "last")
"""Readouts for losses that are divergences between whole series: they need one unbounded number a series."""
ONE_ANSWER = (*ONE_SCORE, "probability")
"""Those for losses whose logit stands for a probability."""
PER_STEP = (*ONE_SCORE, "step")

_LEAST_SQUARES_LABELS = {"zero-one": (0.0, 1.0, 1.0), "pearson": (-1.0, 1.0, 0.0)}  # (a, b, c) of the paper
_KL_FORMS = {  # both scores, and the logits that exp is taken of
    "paper": (scores.kl_discriminator, scores.kl_generator, lambda _, fake: fake),
    "alternative": (scores.kl_discriminator, scores.kl_generator_alternative, lambda _, fake: fake),
    "reverse": (scores.reverse_kl_discriminator, scores.reverse_kl_generator, lambda real, _: -real),
}
_OWN_NETWORKS = "the paper's own networks; here recurrent ones of the run's cell and size"
_MOMENTUM: Options = {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_momentum": 0.5, "g_momentum": 0.5}
_GOODFELLOW = PaperSettings(
    {
        **_MOMENTUM,
        "d_learning_rate": 0.1,
        "g_learning_rate": 0.1,
        "batch_size": 100,
        "penalty": "none",
        "average": 0.0,
    },
    (
        "maxout discriminator with dropout; here recurrent networks without dropout",
        "momentum rising from 0.5 to 0.7 and a decaying rate; here both stay at their start",
    ),
)
_NOWOZIN = PaperSettings(
    {
        "d_learning_rate": 2e-4,
        "g_learning_rate": 2e-4,
        "penalty": "none",
        "average": 0.0,
    },
    (
        _OWN_NETWORKS,
        "batches of 4096; here the run's size, as small data sets have fewer series",
        "one simultaneous step for both networks (algorithm 1); here the discriminator first",
    ),
)


def _check_minibatch(config: RunConfig) -> None:
    """Refuses minibatch discrimination under a gradient penalty."""
    if config.options["minibatch"] and config.penalty in GRADIENT_PENALTIES:
        raise UserError(
            f"`igan.minibatch = {config.options['minibatch']}` and `penalty = {config.penalty}`: a gradient penalty is "
            "for one series at a time, and minibatch discrimination ties a batch together; set `igan.penalty=none`"
        )


ROWS = (
    Variant(
        LossText(
            name="bce",
            title="Non-saturating GAN",
            d_formula="E sp(-D(x)) + E sp(D(G(z)))",
            g_formula="E sp(-D(G(z)))",
            divergence="Jensen-Shannon in the discriminator; the generator follows KL(generated, real) - 2 JS",
            expect="The usual default. Unpenalised it oscillates with a strong discriminator and can drop modes; r1 "
            "helps.",
            source="Goodfellow et al. 2014, Generative Adversarial Nets, section 3",
        ),
        d_loss=plain.discriminator_loss(scores.bce_discriminator),
        g_loss=plain.generator_loss(scores.bce_generator),
        paper=_GOODFELLOW,
    ),
    Variant(
        LossText(
            name="mse",
            title="Least-squares GAN",
            d_formula="1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2",
            g_formula="1/2 E (D(G(z)) - 1)^2",
            divergence="Pearson chi^2 with labels (-1, 1, 0); no f-divergence with (0, 1, 1), the labels most used",
            expect="Gradients do not fade for series the discriminator rejects, but without bound they can be large. "
            "On logits, never on sigmoid outputs.",
            source="Mao et al. 2017, Least Squares Generative Adversarial Networks",
        ),
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
        discriminator=DiscriminatorRules(
            readouts=PER_STEP,
            threshold=None,  # half-way between the labels, which are an option
        ),
        paper=PaperSettings(
            {
                "d_learning_rate": 1e-3,
                "g_learning_rate": 1e-3,
                "d_beta_2": 0.999,
                "g_beta_2": 0.999,
                "batch_size": 64,
                "penalty": "none",
                "average": 0.0,
            },
            (_OWN_NETWORKS, "batch normalisation; here none"),
        ),
        options={
            "labels": Option(
                "zero-one",
                "Targets (generated, real, generator's): (0, 1, 1) or (-1, 1, 0).",
                tuple(_LEAST_SQUARES_LABELS),
            )
        },
    ),
    Variant(
        LossText(
            name="mae",
            title="Absolute-error GAN",
            d_formula="E |1 - s(D(x))| + E |s(D(G(z)))|",
            g_formula="E |1 - s(D(G(z)))|",
            divergence="Total variation: the optimal discriminator's loss is 1 - TV",
            expect="Weak: its optimal discriminator is an indicator, so gradients vanish where supports do not "
            "overlap.",
            source="Nowozin et al. 2016, f-GAN (total variation), up to a constant",
            departures=(
                "Scores in [0, 1] by a sigmoid; the paper's tanh/2 is the same game with the logit doubled and a "
                "constant.",
            ),
        ),
        d_loss=plain.discriminator_loss(scores.absolute_discriminator),
        g_loss=plain.generator_loss(scores.absolute_generator),
        discriminator=DiscriminatorRules(
            readouts=ONE_ANSWER,
        ),
        paper=_NOWOZIN,
    ),
    Variant(
        LossText(
            name="kld",
            title="Kullback-Leibler f-GAN",
            d_formula="-E D(x) + E exp(D(G(z)) - 1)",
            g_formula="-E exp(D(G(z)) - 1); form alternative: -E D(G(z)); form reverse: 1 - E D(G(z))",
            divergence="KL(real, generated); form alternative and reverse: the generator follows KL(generated, real)",
            expect="exp makes it touchy: watch bound_share, the share of logits beyond the bound of exp.",
            source="Nowozin et al. 2016, f-GAN: Training Generative Neural Samplers using Variational Divergence",
            departures=(
                f"exp is continued by its tangent above a logit of {scores.KL_BOUND:g}, so that value and gradient "
                "stay "
                "finite and never vanish; bound_share counts how often.",
            ),
        ),
        d_loss=plain.discriminator_loss(
            lambda options, real, fake: _KL_FORMS[str(options["form"])][0](real, fake),
            lambda options, real, fake: {
                "bound_share": scores.bound_share(_KL_FORMS[str(options["form"])][2](real, fake))
            },
        ),
        g_loss=plain.generator_loss(lambda options, fake: _KL_FORMS[str(options["form"])][1](fake)),
        discriminator=DiscriminatorRules(
            readouts=ONE_SCORE,
            threshold=None,  # 1 for two forms, 0 for the third
        ),
        paper=_NOWOZIN,
        options={"form": Option("paper", "Which divergence the two networks play.", tuple(_KL_FORMS))},
    ),
    Variant(
        LossText(
            name="vae",
            title="VAE-GAN",
            d_formula="E sp(-D(x)) + E sp(D(G(z))) + E sp(D(G(E(x))))",
            g_formula="G: E sp(-D(G(z))) + E sp(-D(G(E(x)))) + gamma rec; E: KL + rec; rec = 1/2 E ||h(x) - "
            "h(G(E(x)))||^2",
            divergence="Jensen-Shannon, and a variational bound in the discriminator's feature space",
            expect="Covers the data better than it sharpens it. Scored on prior samples only, as every loss.",
            source="Larsen et al. 2016, Autoencoding beyond pixels using a learned similarity metric",
            departures=(
                "The encoder's KL term is annealed from 0 over `anneal_steps` updates; the paper gives it its full "
                "weight.",
                "Noise has a part per series and a part per step, and the encoder infers both.",
            ),
        ),
        d_loss=variational.d_loss,
        g_loss=variational.g_loss,
        discriminator=DiscriminatorRules(
            readouts=ONE_ANSWER,
        ),
        paper=PaperSettings(
            {
                "d_optimizer": "rmsprop",
                "g_optimizer": "rmsprop",
                "d_learning_rate": 3e-4,
                "g_learning_rate": 3e-4,
                "batch_size": 64,
                "penalty": "none",
                "average": 0.0,
                "anneal_steps": 0,
            },
            (_OWN_NETWORKS, "batch normalisation; here none", "the paper gives no gamma; here the default"),
        ),
        recognizer=Heads(variational.head_widths, shared_trunk=False),
        options=variational.OPTIONS,
        check=variational.check,
    ),
    Variant(
        LossText(
            name="gan",
            title="Original minimax GAN",
            d_formula="E sp(-D(x)) + E sp(D(G(z)))",
            g_formula="-E sp(D(G(z)))",
            divergence="Jensen-Shannon: at the optimal discriminator both play 2 JS - 2 log 2",
            expect="Saturates: the generator's gradient fades while the discriminator is sure, as early in training.",
            source="Goodfellow et al. 2014, Generative Adversarial Nets, eq. 1",
        ),
        d_loss=plain.discriminator_loss(scores.bce_discriminator),
        g_loss=plain.generator_loss(scores.minimax_generator),
        paper=_GOODFELLOW,
    ),
    Variant(
        LossText(
            name="wgan",
            title="Wasserstein GAN",
            d_formula="E D(G(z)) - E D(x) + penalty (gp, 10; or lp, clip)",
            g_formula="-E D(G(z))",
            divergence="Wasserstein-1 distance, as far as the critic is 1-Lipschitz",
            expect="Steady, and dear: the penalty needs second derivatives; it likes several critic steps. On series "
            "of a "
            "single value gp can hold a critic with a slope of the wrong sign: lp does not.",
            source="Arjovsky et al. 2017, Wasserstein GAN; penalty: Gulrajani et al. 2017, Petzka et al. 2018",
            departures=(
                "Held 1-Lipschitz by a gradient penalty (gp) unless set otherwise: clipping, the first paper's way, "
                "is "
                "reported to train recurrent critics badly.",
            ),
        ),
        d_loss=plain.discriminator_loss(
            scores.wasserstein_discriminator,
            lambda real, fake: {"wasserstein": -scores.wasserstein_discriminator(real, fake)},
        ),
        g_loss=plain.generator_loss(scores.wasserstein_generator),
        discriminator=DiscriminatorRules(
            readouts=ONE_SCORE,
            penalty="gp",
            penalties=("gp", "lp", "clip"),
            threshold=None,
            level_counts=False,
        ),
        paper=PaperSettings(
            {
                "d_optimizer": "rmsprop",
                "g_optimizer": "rmsprop",
                "d_learning_rate": 5e-5,
                "g_learning_rate": 5e-5,
                "batch_size": 64,
                "critic_steps": 5,
                "penalty": "clip",
                "penalty_weight": 0.01,
                "average": 0.0,
            },
            (_OWN_NETWORKS, "100 critic steps at the start and now and then; here always 5"),
        ),
    ),
    Variant(
        LossText(
            name="igan",
            title="Improved techniques: feature matching",
            d_formula="E [a sp(-D(x)) + (1 - a) sp(D(x))] + E sp(D(G(z))), a = 0.9",
            g_formula="||E h(x) - E h(G(z))||^2, h the discriminator's recurrent output pooled over time",
            divergence="None: a moment match in the discriminator's feature space",
            expect="Steady; sees only batch means of features, so it can miss what those do not show.",
            source="Salimans et al. 2016, Improved Techniques for Training GANs",
            departures=(
                "Of the paper's techniques, minibatch discrimination and historical averaging are options, off by "
                "default; "
                "virtual batch normalisation is left out.",
            ),
        ),
        d_loss=plain.discriminator_loss(
            lambda options, real, fake: scores.smoothed_discriminator(real, fake, target=float(options["smoothing"]))
        ),
        g_loss=plain.feature_matching_loss,
        discriminator=DiscriminatorRules(
            similarities=lambda options: (int(options["minibatch"]), int(options["minibatch_dims"])),
        ),
        paper=PaperSettings(
            {
                "d_learning_rate": 3e-4,
                "g_learning_rate": 3e-4,
                "d_beta_2": 0.999,
                "g_beta_2": 0.999,
                "batch_size": 100,
                "penalty": "none",
                "average": 0.0,
            },
            (_OWN_NETWORKS, "weight normalisation, dropout and noise in the discriminator; here none"),
        ),
        options={
            "smoothing": Option(0.9, "Label of real series; generated ones keep 0.", low=0.5, high=1.0),
            "minibatch": Option(0, "Similarities that minibatch discrimination adds; 0 is off.", low=0, high=1000),
            "minibatch_dims": Option(5, "Numbers a series is projected to for each.", low=1, high=100),
            "historical": Option(0.0, "Weight of the distance of all weights from their past mean; 0 is off.", low=0),
        },
        check=_check_minibatch,
        past_weight=lambda options: float(options["historical"]),
    ),
    Variant(
        LossText(
            name="cgan",
            title="Conditional GAN",
            d_formula="E sp(-D(x, y)) + E sp(D(G(z, y), y)); labels named: D is not given y, + weight CE(y, x and "
            "G(z, y))",
            g_formula="E sp(-D(G(z, y), y)); labels named: + weight CE(y, G(z, y))",
            divergence="As bce, between joint distributions of series and label",
            expect="Uses labels: given ones, or classes derived by k-means, which need not mean anything. Sampled "
            "with the "
            "training label distribution. Named labels (AC-GAN) favour series that are easy to tell apart.",
            source="Mirza & Osindero 2014, Conditional GANs; recurrent form: Esteban et al. 2017, RCGAN; named labels: "
            "Odena et al. 2017, AC-GAN",
            departures=(
                "Labels enter both networks at every step, as in RCGAN; on data without labels they are k-means "
                "classes of "
                "the training series.",
            ),
        ),
        d_loss=conditional.d_loss,
        g_loss=conditional.g_loss,
        inputs=GeneratorInputs(
            draw=conditional.draw_labels,
            controls=conditional.CONTROLS,
            conditions=conditional.label_width,
            conditions_seen=conditional.seen_width,
            needs_labels=True,
        ),
        paper=PaperSettings(
            {
                "d_optimizer": "sgd",
                "d_learning_rate": 0.1,
                "g_learning_rate": 1e-3,
                "g_beta_1": 0.9,
                "g_beta_2": 0.999,
                "batch_size": 28,
                "critic_steps": 5,
                "units": 100,
                "latent_series": 0,
                "latent_steps": 5,
                "readout": "step",
                "penalty": "none",
                "average": 0.0,
            },
            (
                "the recurrent form of Esteban et al., not the perceptrons of Mirza & Osindero",
                "an LSTM; here the run's cell (`--cells lstm`)",
                "series in [-1, 1] by tanh; here in [0, 1] by a sigmoid",
            ),
        ),
        recognizer=Heads(conditional.head_widths, shared_trunk=True),
        options=conditional.OPTIONS,
    ),
    Variant(
        LossText(
            name="infogan",
            title="Information-maximising GAN",
            d_formula="E sp(-D(x)) + E sp(D(G(z, c))) - weight * L_I, L_I = E log Q(c given G(z, c)) + H(c)",
            g_formula="E sp(-D(G(z, c))) - weight * L_I",
            divergence="As bce, plus a lower bound on the mutual information of codes and series",
            expect="Codes one can turn; they take capacity from the match, and need not mean what one hopes.",
            source="Chen et al. 2016, InfoGAN",
            departures=(
                "Continuous codes come from N(0, 1), read back with deviation 1, unless the options say otherwise.",
                "The recognizer is one hidden layer on the discriminator's trunk and moves with the discriminator, at "
                "the "
                "generator's rate.",
            ),
        ),
        d_loss=informative.d_loss,
        g_loss=informative.g_loss,
        inputs=GeneratorInputs(
            draw=informative.draw_codes,
            controls=informative.CONTROLS,
            conditions=informative.code_width,
        ),
        discriminator=DiscriminatorRules(
            readouts=ONE_ANSWER,
        ),
        paper=PaperSettings(
            {
                "d_learning_rate": 2e-4,
                "g_learning_rate": 1e-3,
                "d_beta_2": 0.999,
                "g_beta_2": 0.999,
                "penalty": "none",
                "average": 0.0,
                "prior": "uniform",
                "deviation": "learned",
            },
            (_OWN_NETWORKS, "batch normalisation; here none", "62 noise values; here the run's"),
        ),
        recognizer=Heads(informative.head_widths, shared_trunk=True),
        options=informative.OPTIONS,
        recipe={"weight": 0.1},  # with 1, the codes take so much that modes are missing
        check=informative.check,
    ),
)
