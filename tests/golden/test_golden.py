"""The bits of short runs of every loss and cell: those recorded for this kind of arithmetic, here and when emulated.

Which comparison a test makes is in its name: `bits` where runs.json has the kind of arithmetic of this machine, else
`within-rounding`. `make golden` adds the kinds of this machine.
"""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

from rnngan_cli.sweeps.agreement import ROUNDING, relative_gap
from rnngan_cli.system import arithmetic, provenance
from rnngan_cli.system.arithmetic import Bits
from tests.golden.runs import Golden, GoldenRuns, names, recorded
from tests.support.places import ROOT

EMULATOR = "qemu-x86_64"
SOME = ("wgan-gru", "bce-lstm")
"""Runs that are trained where time is short: together they have penalties, both cells and an average."""


def train(bits: Bits, only: Sequence[str], *command: str) -> GoldenRuns:
    """Trains golden runs in a process of its own, which may be emulated by a command."""
    words = [*command, sys.executable, "-m", "tests.golden", "--bits", bits, "--only", ",".join(only)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return GoldenRuns.model_validate_json(done.stdout[done.stdout.index("{") :])


@functools.cache
def trained_here(bits: Bits) -> GoldenRuns:
    """Golden runs with the bits of this machine: all with portable bits, some with native ones."""
    return train(bits, names() if bits == "portable" else SOME)


def comparison(bits: Bits) -> str:
    """Which comparison can be made here."""
    here = arithmetic.of_process(arithmetic.environment(bits, os.environ))
    versions = provenance.versions()
    known = [one for one in recorded() if one.arithmetic.name == here.name]
    same = any(all(versions[name] == version for name, version in one.versions.items()) for one in known)
    return "bits" if same else "within-rounding"


CASES: list[tuple[str, Bits, str]] = [
    *((name, "portable", comparison("portable")) for name in names()),
    *((name, "native", comparison("native")) for name in SOME),
]


@pytest.mark.parametrize(("name", "bits", "how"), CASES, ids=str)
def test_a_run_ends_as_recorded(name: str, bits: Bits, how: str) -> None:
    found = trained_here(bits)
    if how == "bits":
        (known,) = [one for one in recorded() if one.is_of(found)]
        assert found.runs[name] == known.runs[name]
    else:
        assert recorded()
        for one in recorded():
            assert_first_losses_agree(found.runs[name], one.runs[name])


def assert_first_losses_agree(found: Golden, known: Golden) -> None:
    """Asserts that the losses of first rows differ by rounding alone."""
    for one, other in zip(found.first_losses, known.first_losses, strict=True):
        assert relative_gap(one, other) <= ROUNDING


def test_kinds_that_are_recorded_agree_within_rounding_and_differ_in_bits() -> None:
    first, *others = recorded()
    assert others, "one kind alone shows nothing"
    for other in others:
        assert first.arithmetic.name != other.arithmetic.name
        for name in names():
            assert_first_losses_agree(first.runs[name], other.runs[name])
            assert first.runs[name].weights != other.runs[name].weights


EMULATED = [
    pytest.param("EPYC-Rome", SOME, id="EPYC-Rome"),
    pytest.param("Haswell", names(), id="Haswell-all", marks=pytest.mark.slow),
]
"""Processors to emulate with the runs to train on each; all runs take a quarter of an hour."""


@pytest.mark.skipif(not arithmetic.can_be_portable(), reason="portable bits need Linux on x86-64 with AVX2")
@pytest.mark.parametrize(("processor", "chosen"), EMULATED)
def test_other_processors_compute_the_same_bits(processor: str, chosen: Sequence[str]) -> None:
    """An Intel processor without AVX-512 and one of AMD, with other caches; the emulator rounds exactly."""
    if shutil.which(EMULATOR) is None:
        assert "RNNGAN_NEEDS_EMULATOR" not in os.environ, f"`{EMULATOR}` is missing; expected it here"
        pytest.skip(f"`{EMULATOR}` is not installed")
    emulated = train("portable", chosen, EMULATOR, "-cpu", processor)
    for name in chosen:
        assert emulated.runs[name] == trained_here("portable").runs[name], name
