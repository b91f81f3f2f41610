"""What a listing shows of the losses, ready for JSON: the same facts for the command line, README and docs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnngan_cli.config import OptionValue, ProfileName, RunConfig, SweepConfig
from rnngan_cli.config.options import list_options
from rnngan_cli.losses.variant import Variant
from rnngan_cli.sweeps.plan import DEFAULT_DATASET, plan
from rnngan_cli.sweeps.profiles import Settings

NOT_OF_A_PROFILE = (
    *("schema_version", "loss", "cell", "seed", "data", "steps", "history_every", "checkpoint_every"),
    "average_half_life",  # a planned run has the decay that follows from it
)
"""Fields of a run that do not belong to a profile."""


@dataclass(frozen=True)
class ProfileFacts:
    """A loss under one profile.

    Attributes:
        settings: every setting of a run.
        departures: how the settings differ from the loss's own paper, in words.
    """

    settings: Settings
    departures: Sequence[str] = ()


@dataclass(frozen=True)
class LossFacts:
    """What a listing shows of one loss.

    Attributes:
        name: of the loss.
        title: what it is, in a few words.
        discriminator: formula that the discriminator minimises.
        generator: formula that the generator minimises.
        divergence: what the loss minimises with an optimal discriminator.
        expect: what to expect of it.
        source: authors, year, title.
        departures: from the source, in words.
        readouts: those it is defined for.
        penalty: the penalty that `auto` stands for.
        penalties: those it is defined for.
        needs_labels: whether it needs labels.
        options: name, default, expected values and help of each option of its own.
        profiles: by name, `shared`, `recipe` (without the noise, which follows from the data) and `paper`.
    """

    name: str
    title: str
    discriminator: str
    generator: str
    divergence: str
    expect: str
    source: str
    departures: Sequence[str]
    readouts: Sequence[str]
    penalty: str
    penalties: Sequence[str]
    needs_labels: bool
    options: Sequence[Mapping[str, OptionValue]]
    profiles: Mapping[str, ProfileFacts]

    def changed(self, profile: ProfileName) -> Settings:
        """The settings of a profile that differ from the shared ones."""
        shared, other = (self.profiles[name].settings for name in ("shared", profile))
        return {name: value for name, value in other.items() if value != shared[name]}


def describe_loss(row: Variant) -> LossFacts:
    """The facts of one loss: formulas, divergence, what to expect, source, departures, options and profiles."""
    return LossFacts(
        name=row.name,
        title=row.text.title,
        discriminator=row.text.d_formula,
        generator=row.text.g_formula,
        divergence=row.text.divergence,
        expect=row.text.expect,
        source=row.text.source,
        departures=row.text.departures,
        readouts=row.discriminator.readouts,
        penalty=row.discriminator.penalty,
        penalties=row.discriminator.penalties,
        needs_labels=row.inputs.needs_labels,
        options=list_options(row.options),
        profiles={
            "shared": ProfileFacts(_settings(row, "shared")),
            "recipe": ProfileFacts(_settings(row, "recipe")),
            "paper": ProfileFacts(_settings(row, "paper"), row.paper.departures),
        },
    )


def _settings(row: Variant, profile: ProfileName) -> Settings:
    """Every setting of a run under a profile, options of the loss by their names; noise that the data sets is not."""
    noise = {DEFAULT_DATASET: (RunConfig().latent_series, RunConfig().latent_steps)}
    (run,) = plan(SweepConfig(losses=(row.name,), seeds=(0,), profile=profile, noise=noise))
    values = run.model_dump(exclude=set(NOT_OF_A_PROFILE))
    options = values.pop("options")
    return {**values, **options}
