"""Has the process of the tests compute portable bits, as workers do; imported before anything that loads NumPy."""

from rnngan_cli.system import arithmetic

arithmetic.settle()
