"""Intervals, tests of significance and aggregates over runs."""
