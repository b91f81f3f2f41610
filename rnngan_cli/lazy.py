"""TensorFlow and Keras, imported at first use, so that listing commands start quickly.

Every module that computes with TensorFlow imports `tf`, `keras` and the type `Tensor` from here, and uses them
inside functions only.
"""

import importlib
from typing import Any

Tensor = Any
"""A `tf.Tensor`. TensorFlow ships no types; shapes and ranges are in the docstrings."""


class _Lazy:
    """A module that is imported when an attribute of it is first read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # doctest and inspect look up __wrapped__ and the like
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


tf: Any = _Lazy("tensorflow")
keras: Any = _Lazy("keras")
