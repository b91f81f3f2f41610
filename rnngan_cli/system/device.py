"""The device of a run: finding GPUs, choosing one, and configuring TensorFlow before it starts.

The choices are functions of what was found, so that they can be tested on a machine without a GPU.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf
from rnngan_cli.system.arithmetic import Bits, environment


def choose_device(requested: str, num_gpus: int) -> str:
    """Chooses the device to use: `cpu` or `gpu:N`.

    Args:
        requested: `auto` (the first GPU where there is one), `cpu`, or `gpu:N`.
        num_gpus: number of GPUs that TensorFlow sees.

    >>> choose_device("auto", 0), choose_device("auto", 2), choose_device("gpu:1", 2)
    ('cpu', 'gpu:0', 'gpu:1')

    Raises:
        UserError: `requested` is another word, or a GPU that does not exist.
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
    """Checks the name of a device, before TensorFlow is asked which devices exist.

    Raises:
        UserError: the name is not `auto`, `cpu` or `gpu:N`.
    """
    if not re.fullmatch(r"auto|cpu|gpu:[0-9]{1,3}", requested):
        raise UserError(f"`--device {requested}`: expected auto, cpu or gpu:N, such as gpu:0")


def use_fused_layers(device: str, *, second_derivatives: bool, spectral: bool = False) -> bool:
    """Whether to use the recurrent layers of Keras: on a GPU, where they run on cuDNN, for losses without a penalty.

    Args:
        device: `cpu` or `gpu:N`.
        second_derivatives: whether a gradient penalty needs second derivatives, which cuDNN does not have.
        spectral: whether kernels are normalised, which cuDNN cannot do.

    >>> [use_fused_layers("gpu:0", second_derivatives=needed) for needed in (False, True)]
    [True, False]
    >>> use_fused_layers("cpu", second_derivatives=False)
    False
    """
    return device != "cpu" and not second_derivatives and not spectral


def worker_environment(device: str, bits: Bits, base: dict[str, str]) -> dict[str, str]:
    """The environment variables of a worker process: bits, one thread, no GPU unless used, no start-up messages."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}
    return {
        **environment(bits, base),
        **threads,
        **hidden,
        "TF_CPP_MIN_LOG_LEVEL": base.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }


def find_gpus() -> list[str]:
    """Names of the GPUs that TensorFlow sees."""
    return [gpu.name for gpu in tf.config.list_physical_devices("GPU")]


def in_use() -> bool:
    """Whether TensorFlow has been imported in this process already: then the caller has configured it."""
    return "tensorflow" in sys.modules


def start(device: str) -> None:
    """Configures TensorFlow in this process, before anything is computed.

    It uses one thread and deterministic operations, and on a GPU no more memory than is needed.
    """
    with _quiet_import() as quiet:
        tf.config.threading.get_intra_op_parallelism_threads()
    if quiet:  # TensorFlow would warn of retracing, as every trainer and judge has graphs of its own
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
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quiet_gpus() -> list[str]:
    """Names of the GPUs that TensorFlow sees, without its start-up messages."""
    with _quiet_import():
        return find_gpus()


def is_loud() -> bool:
    """Whether messages of TensorFlow were asked for, by `--verbose` or TF_CPP_MIN_LOG_LEVEL below 3."""
    return os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") in ("0", "1", "2")


@contextmanager
def _quiet_import() -> Iterator[bool]:
    """Silences the start-up messages of TensorFlow unless the user asked for them; yields whether it does.

    Some are written before TensorFlow reads TF_CPP_MIN_LOG_LEVEL, so standard error itself is redirected meanwhile.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if is_loud():
        yield False
        return
    with silenced():
        yield True


@contextmanager
def silenced() -> Iterator[None]:
    """Redirects the standard error of the process to nowhere, for libraries that write there from C."""
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
