"""The words that settings take, as types; those of registries are checked when a sweep is planned."""

from typing import Literal

Cell = Literal["gru", "lstm"]
Readout = Literal["mean", "last", "step", "probability"]
Precision = Literal["float32", "mixed_bfloat16"]
PenaltyName = Literal["none", "gp", "lp", "r1", "r2", "r1r2", "clip"]
OptimizerName = Literal["adam", "sgd", "rmsprop"]
ScheduleName = Literal["constant", "cosine", "linear"]
"""How a learning rate changes over a run."""
KeptSamples = Literal["all", "first", "none"]
"""The runs whose generated series a pack holds: all, those of the first seed of every setting, or none."""
Labels = Literal["auto", "given", "derived", "none"]
Missing = Literal["error", "drop", "interpolate"]
Short = Literal["error", "drop"]
Scaling = Literal["minmax", "standard"]
Transform = Literal["none", "diff", "log", "log-return"]
"""What columns of numbers are trained on in place of their values."""
Forms = Literal["file", "numbers"]
"""Whether columns keep the form they have in the user's file, or count as any numbers."""
Layout = Literal["long", "wide"]
"""Whether the rows of a table are steps, or series."""
Gaps = Literal["split", "ignore"]
"""Whether windows may cross a gap in time."""
AxisName = Literal["series", "steps", "features"]
"""What an axis of an array counts."""
ProfileName = Literal["shared", "recipe", "paper"]
BudgetName = Literal["quick", "standard", "long"]
"""How many updates the runs of a sweep do, as a multiple of those of their profile."""
ViewsName = Literal["none", "differences", "components", "both"]
"""The fixed linear maps of series that the discriminator reads beside the series."""
