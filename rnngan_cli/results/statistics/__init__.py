"""Statistics of scores over runs: intervals, tests of significance, aggregates."""
