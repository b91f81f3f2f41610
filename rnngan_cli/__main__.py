"""Lets `python -m rnngan_cli` do what `rnngan` does."""

from rnngan_cli.cli import main

if __name__ == "__main__":
    main()
