"""Where a run is computed: finding GPUs, choosing, and telling TensorFlow before it starts.

The choices are functions of what was found, so that they can be checked on a machine without a GPU.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf


def choose_device(requested: str, num_gpus: int) -> str:
    """The device to use: `cpu` or `gpu:N`.

    Args:
        requested: `auto` (the first GPU where there is one), `cpu`, or `gpu:N`.
        num_gpus: how many TensorFlow sees.

    >>> choose_device("auto", 0), choose_device("auto", 2), choose_device("gpu:1", 2)
    ('cpu', 'gpu:0', 'gpu:1')

    Raises:
        UserError: another word, or a GPU that is not there.
    """
    check_device(requested)
    if requested == "auto":
        return "gpu:0" if num_gpus else "cpu"
    if requested == "cpu":
        return "cpu"
    if int(requested.removeprefix("gpu:")) >= num_gpus:
        raise UserError(
            f"`--device {requested}`: TensorFlow sees {num_gpus} GPU(s); use `--device auto`, or see `rnngan doctor`"
        )
    return requested


def check_device(requested: str) -> None:
    """Refuses a word that names no device, before TensorFlow is asked what there is.

    Raises:
        UserError: anything but `auto`, `cpu` or `gpu:N`.
    """
    if not re.fullmatch(r"auto|cpu|gpu:[0-9]{1,3}", requested):
        raise UserError(f"`--device {requested}`: expected auto, cpu or gpu:N, such as gpu:0")


def use_fused_layers(device: str, *, second_derivatives: bool, spectral: bool = False) -> bool:
    """Whether to use Keras' own recurrent layers: on a GPU, where they run on cuDNN, for plain losses.

    Args:
        device: `cpu` or `gpu:N`.
        second_derivatives: whether a gradient penalty needs them; cuDNN has none.
        spectral: whether kernels are normalised; cuDNN takes a layer's own kernel.

    >>> [use_fused_layers("gpu:0", second_derivatives=needed) for needed in (False, True)]
    [True, False]
    >>> use_fused_layers("cpu", second_derivatives=False)
    False
    """
    return device != "cpu" and not second_derivatives and not spectral


def worker_environment(device: str, base: dict[str, str]) -> dict[str, str]:
    """The environment of a worker process: one thread each on a CPU, no GPU unless it is to be used, quiet start."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}
    return {**base, **threads, **hidden, "TF_CPP_MIN_LOG_LEVEL": base.get("TF_CPP_MIN_LOG_LEVEL", "3")}


def find_gpus() -> list[str]:
    """Names of the GPUs that TensorFlow sees."""
    return [gpu.name for gpu in tf.config.list_physical_devices("GPU")]


def in_use() -> bool:
    """Whether this process, a caller's, has imported TensorFlow already: then it is the caller's to set up."""
    return "tensorflow" in sys.modules


def start(device: str) -> None:
    """Sets up TensorFlow in this process, before anything is computed.

    One thread, the same bits every time, and on a GPU no more memory than is needed.
    """
    with _quiet_import() as quiet:
        tf.config.threading.get_intra_op_parallelism_threads()
    if quiet:  # every trainer and judge has graphs of its own, which TensorFlow takes for one traced again and again
        tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return
    chosen = tf.config.list_physical_devices("GPU")[int(device.split(":")[1])]
    tf.config.set_visible_devices([chosen], "GPU")
    tf.config.experimental.set_memory_growth(chosen, enable=True)


def describe_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quiet_gpus() -> list[str]:
    """Names of the GPUs that TensorFlow sees, without its start-up messages."""
    with _quiet_import():
        return find_gpus()


def is_loud() -> bool:
    """Whether TensorFlow's own lines were asked for, by `--verbose` or TF_CPP_MIN_LOG_LEVEL below 3."""
    return os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") in ("0", "1", "2")


@contextmanager
def _quiet_import() -> Iterator[bool]:
    """Silences TensorFlow's start-up messages, unless the user asked for some by TF_CPP_MIN_LOG_LEVEL; yields whether.

    Some are written before TensorFlow reads that variable, so the stream itself is put aside for as long.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if is_loud():
        yield False
        return
    with silenced():
        yield True


@contextmanager
def silenced() -> Iterator[None]:
    """Puts the process's standard error aside, for libraries that write there below Python."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
