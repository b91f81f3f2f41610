"""Bits: what a process is started with, what is recorded, and which operations round differently between processors."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses.play import Batch
from rnngan_cli.system import arithmetic
from rnngan_cli.system.arithmetic import Arithmetic
from rnngan_cli.training.trainer import Trainer

able = pytest.mark.skipif(not arithmetic.can_be_portable(), reason="portable bits need Linux on x86-64 with AVX2")

ZEN = Arithmetic(
    bits="native",
    system="Linux x86_64",
    libc="glibc 2.36",
    processor="AMD EPYC (family 26, model 2)",
    instruction_sets="avx avx2 fma avx512f avx512_vnni",
    caches="L1 Data 48K, L2 1024K",
    settings="",
)


@able
def test_portable_bits_override_the_users_settings_and_native_ones_keep_them() -> None:
    own = {"ONEDNN_MAX_CPU_ISA": "SSE41", "PATH": "/bin"}
    portable = arithmetic.environment("portable", own)
    assert portable == {**own, **arithmetic.portable_settings()}
    assert portable["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert arithmetic.environment("native", own) == own == {"ONEDNN_MAX_CPU_ISA": "SSE41", "PATH": "/bin"}
    assert [arithmetic.of_process(one).bits for one in (portable, own)] == ["portable", "native"]
    assert arithmetic.of_process(own).settings == "ONEDNN_MAX_CPU_ISA=SSE41"


@pytest.mark.parametrize(
    "machine", [("Darwin", "arm64", "avx2 fma"), ("Linux", "aarch64", ""), ("Linux", "x86_64", "sse4_2 avx")]
)
def test_other_machines_compute_their_own_bits(machine: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    system, kind, flags = machine
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: kind)
    monkeypatch.setattr(arithmetic, "_flags", lambda: frozenset(flags.split()))
    assert arithmetic.environment("portable", {"PATH": "/bin"}) == {"PATH": "/bin"}
    monkeypatch.setattr(os, "environ", {**os.environ, **arithmetic.portable_settings()})
    assert arithmetic.current().bits == "native"


@able
def test_numpy_and_openblas_take_the_settings() -> None:
    script = (
        "import json, numpy as np, scipy.linalg; from threadpoolctl import threadpool_info\n"
        "from numpy._core._multiarray_umath import __cpu_features__ as found, __cpu_dispatch__ as known\n"
        "print(json.dumps([[name for name in known if found[name]], "
        "[one['architecture'] for one in threadpool_info() if one['internal_api'] == 'openblas']]))"
    )
    base = {**os.environ, **arithmetic.portable_settings()}
    words = [sys.executable, "-W", "error", "-c", script]
    found = subprocess.run(words, env=base, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    wide, kernels = json.loads(found.stdout)
    assert wide == ["X86_V3"] and set(kernels) == {"Haswell"}


def test_names_are_equal_for_equal_bits() -> None:
    def changed(**fields: str) -> Arithmetic:
        return ZEN.model_copy(update=fields)

    portable = changed(bits="portable")
    other = portable.model_copy(update={"processor": "Intel", "caches": "L2 2M", "instruction_sets": "avx2 fma"})
    assert portable.name == other.name and re.fullmatch(r"portable-[0-9a-f]{6}", portable.name)
    others = [
        portable,
        changed(processor="Intel"),
        changed(caches="L2 2M"),
        changed(instruction_sets="avx2"),
        changed(settings="ONEDNN_MAX_CPU_ISA=AVX"),
        changed(libc="glibc 2.31"),
        changed(system="Windows AMD64"),
    ]
    assert len({ZEN.name, *(one.name for one in others)}) == 8
    assert changed(libc="x", bits="portable").name != portable.name


def operations(graph: object) -> Iterator[str]:
    """Types of the operations of a graph and of the functions that it calls."""
    definition = graph.as_graph_def()  # type: ignore[attr-defined]
    yield from (node.op for node in definition.node)
    for function in definition.library.function:
        yield from (node.op for node in function.node_def)


TRAINED = [
    *((loss, {}) for loss in losses.VARIANTS),
    ("wgan", {"cell": "lstm", "d_optimizer": "rmsprop", "g_optimizer": "rmsprop"}),
    ("bce", {"d_optimizer": "sgd", "g_optimizer": "sgd", "spectral_norm": True}),
    ("bce", {"cell": "lstm", "average": 0.9, "d_bidirectional": True, "readout": "last"}),
]
"""Losses and settings whose updates have every operation that training uses."""


@pytest.mark.parametrize(("loss", "fields"), TRAINED, ids=lambda value: value if isinstance(value, str) else "-")
def test_no_update_uses_approximate_reciprocals(
    loss: str,
    fields: dict[str, object],
    brief: Dataset,
    begin: Callable[..., Trainer],
    first_batch: Callable[..., Batch],
) -> None:
    """The instructions RCPPS and RSQRTPS, which TensorFlow uses for these operations, differ between AMD and Intel."""
    trainer = begin(loss, dataset=brief, **fields)
    batch = first_batch(trainer)
    arguments = tf.constant(0), tf.constant(0), tf.constant(0.0), batch.series, batch.labels
    updates = (trainer.update_discriminator, trainer.update_generator)
    used = {name for update in updates for name in operations(update.get_concrete_function(*arguments).graph)}
    assert "MatMul" in used
    assert not used & {"Rsqrt", "RsqrtGrad", "Reciprocal", "Inv", "ReciprocalGrad", "InvGrad"}


def test_a_config_has_no_bits() -> None:
    """Bits are no setting: they do not change what a run is."""
    assert not {name for name in RunConfig.model_fields if "bits" in name}
