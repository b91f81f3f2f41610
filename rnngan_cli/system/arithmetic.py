"""The arithmetic of a process: how its processor rounds, and settings that make processors round alike.

Libraries choose their code by the processor. oneDNN inside TensorFlow compiles products of matrices and softmax for the
widest instructions, and TensorFlow uses it by default only on processors with certain instructions; elsewhere Eigen
computes products in blocks that depend on the sizes of the caches. NumPy has exponentials and logarithms for AVX-512,
and OpenBLAS a product of matrices for each family of processors. Each of them sums in another order or rounds other
intermediate values. `portable_settings` fix these choices at AVX2, which nearly every x86-64 processor since 2015 has.
Then results are the same to the bit, and a step takes longer where there are wider instructions. Not settled by it are
the approximate reciprocals and reciprocal square roots of the processor, which differ between AMD and Intel: TensorFlow
uses them for `Reciprocal` and `Rsqrt`, so training uses neither.
"""

import functools
import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Bits = Literal["portable", "native"]
"""Whether every processor is to compute the same bits, or each may use all of its instructions."""
BITS: tuple[Bits, ...] = get_args(Bits)
NEEDED = frozenset({"avx2", "fma"})
"""Instruction sets of a processor that can compute portable bits, as Linux names them."""
TOLD = ("sse4_1", "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile")
"""Instruction sets that libraries choose their code by."""


class Arithmetic(BaseModel):
    """What decides about the bits of a result, besides the versions of libraries.

    Attributes:
        bits: `portable` or `native`.
        system: operating system and architecture.
        libc: name and version of the C library, whose exponentials are used.
        processor: name of the processor, with its family and model.
        instruction_sets: those of `TOLD` that the processor has, separated by spaces.
        caches: sizes of the caches by level, such as `L1 Data 32K, L2 1024K`.
        settings: environment variables by which libraries choose their code, where they are set, `NAME=value; ...`.
    """

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    bits: Bits
    system: str
    libc: str
    processor: str
    instruction_sets: str
    caches: str
    settings: str

    @property
    def name(self) -> str:
        """A short name, equal for the same bits: `portable-...`, or `native-...` with all that it depends on."""
        depends = [self.system, self.libc, self.settings]
        if self.bits == "native":
            depends += [self.processor, self.instruction_sets, self.caches]
        return f"{self.bits}-{hashlib.sha256(repr(depends).encode()).hexdigest()[:6]}"

    def __str__(self) -> str:
        if self.bits == "portable":
            return f"portable bits of {self.system}, {self.libc} (on {self.processor})"
        return f"the bits of {self.processor} with {self.instruction_sets or 'no known instruction set'}"


def portable_settings() -> dict[str, str]:
    """Environment variables that make processors round alike; read by libraries when they are loaded."""
    version = tuple(int(part) for part in importlib.metadata.version("numpy").split(".")[:2])
    wide = "X86_V4 AVX512_ICL AVX512_SPR"
    if version < (2, 4):
        wide = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
    return {
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": wide,
    }


def environment(bits: Bits, base: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is to compute such bits.

    Portable settings override the user's own, with which native bits are computed. On a machine that cannot compute
    portable bits, they are native whatever was asked for.

    Args:
        bits: as asked for.
        base: the environment to change, such as that of this process.
    """
    return {**base, **portable_settings()} if bits == "portable" and can_be_portable() else dict(base)


def current() -> Arithmetic:
    """The arithmetic of this process."""
    return of_process(os.environ)


def of_process(variables: Mapping[str, str]) -> Arithmetic:
    """The arithmetic of a process of this machine that is started with these environment variables."""
    settings = {name: variables[name] for name in portable_settings() if name in variables}
    portable = can_be_portable() and settings == portable_settings()
    return Arithmetic(
        bits="portable" if portable else "native",
        system=f"{platform.system()} {platform.machine()}",
        libc=" ".join(platform.libc_ver()).strip(),
        processor=_processor(),
        instruction_sets=" ".join(name for name in TOLD if name in _flags()),
        caches=_caches(),
        settings="; ".join(f"{name}={value}" for name, value in settings.items()),
    )


def can_be_portable() -> bool:
    """Whether this machine can compute portable bits: Linux on an x86-64 processor with AVX2 and FMA."""
    return platform.system() == "Linux" and platform.machine() == "x86_64" and _flags() >= NEEDED


@functools.cache
def cpuinfo() -> Mapping[str, str]:
    """What Linux tells of the first processor; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in text.split("\n\n", 1)[0].splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _flags() -> frozenset[str]:
    return frozenset(cpuinfo().get("flags", "").split())


def _processor() -> str:
    found = cpuinfo()
    if "model name" not in found:
        return platform.processor() or platform.machine()
    return f"{found['model name']} (family {found.get('cpu family', '?')}, model {found.get('model', '?')})"


@functools.cache
def _caches() -> str:
    """Sizes of the caches by level; empty where they are not known."""
    sizes = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        sizes.append(f"L{level} {size}" if kind == "Unified" else f"L{level} {kind} {size}")
    return ", ".join(sizes)
