"""The version of this package, on its own, so that what records the version need not import the package's root."""

__version__ = "0.1.0"
