"""The version of this package, in a module of its own, so that recording it does not import the package's root."""

__version__ = "0.1.0"
