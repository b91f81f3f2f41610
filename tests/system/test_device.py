"""Where a run is computed: choices as functions of what was found, and the set-up of this very process."""

import pytest
import tensorflow as tf
from tensorflow.python.framework import config

from rnngan_cli.errors import UserError
from rnngan_cli.system import device


@pytest.mark.parametrize(
    ("requested", "num_gpus", "chosen"),
    [
        ("auto", 0, "cpu"),
        ("auto", 1, "gpu:0"),
        ("auto", 4, "gpu:0"),
        ("cpu", 0, "cpu"),
        ("cpu", 4, "cpu"),
        ("gpu:0", 1, "gpu:0"),
        ("gpu:3", 4, "gpu:3"),
    ],
)
def test_a_device_is_chosen_from_those_there_are(requested: str, num_gpus: int, chosen: str) -> None:
    assert device.choose_device(requested, num_gpus) == chosen


@pytest.mark.parametrize("requested", ["gpu", "gpu:", "gpu:-1", "gpu:x", "gpu:0 ", "GPU:0", "cuda:0", "", "gpu:1000"])
def test_another_word_is_refused(requested: str) -> None:
    with pytest.raises(UserError, match="expected auto, cpu or gpu:N, such as gpu:0"):
        device.choose_device(requested, 2)


@pytest.mark.parametrize(("requested", "num_gpus"), [("gpu:0", 0), ("gpu:1", 1), ("gpu:999", 8)])
def test_a_gpu_that_is_not_there_is_refused(requested: str, num_gpus: int) -> None:
    with pytest.raises(UserError, match=rf"`--device {requested}`: TensorFlow sees {num_gpus} GPU\(s\)"):
        device.choose_device(requested, num_gpus)


@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("second_derivatives", [False, True])
@pytest.mark.parametrize("chosen", ["cpu", "gpu:0", "gpu:1"])
def test_fused_layers_are_for_gpus_and_losses_that_leave_them_alone(
    chosen: str, second_derivatives: bool, spectral: bool
) -> None:
    """cuDNN has no second derivatives, and takes no kernel but the layer's own."""
    fused = device.use_fused_layers(chosen, second_derivatives=second_derivatives, spectral=spectral)
    assert fused == (chosen != "cpu" and not second_derivatives and not spectral)


def test_a_worker_has_one_thread_and_keeps_the_rest_of_the_environment() -> None:
    base = {"PATH": "/bin", "OMP_NUM_THREADS": "8", "CUDA_VISIBLE_DEVICES": "1"}
    for chosen in ("cpu", "gpu:0"):
        environment = device.worker_environment(chosen, "portable", base)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            assert environment[name] == "1"
        assert environment["PATH"] == "/bin"
        assert environment["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert base == {"PATH": "/bin", "OMP_NUM_THREADS": "8", "CUDA_VISIBLE_DEVICES": "1"}  # left as it was


def test_a_worker_on_the_cpu_sees_no_gpu_and_one_on_a_gpu_sees_those_it_saw() -> None:
    assert device.worker_environment("cpu", "portable", {})["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CUDA_VISIBLE_DEVICES" not in device.worker_environment("gpu:0", "portable", {})
    assert (
        device.worker_environment("gpu:1", "portable", {"CUDA_VISIBLE_DEVICES": "2,3"})["CUDA_VISIBLE_DEVICES"] == "2,3"
    )


def test_the_log_level_asked_for_is_kept() -> None:
    assert device.worker_environment("cpu", "portable", {"TF_CPP_MIN_LOG_LEVEL": "0"})["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_tensorflow_is_started_with_one_thread_and_no_gpu() -> None:
    """`started` in conftest.py has called `start`; calling it again with the same device changes nothing."""
    device.start("cpu")
    assert tf.config.threading.get_intra_op_parallelism_threads() == 1
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1
    assert tf.config.get_visible_devices("GPU") == []


def test_operations_are_deterministic() -> None:
    assert config.is_op_determinism_enabled()
