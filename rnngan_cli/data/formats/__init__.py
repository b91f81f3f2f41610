"""Readers of files by format: what a file holds, with every property of the file told."""
