"""The study of experiments/study: what its sweeps come to, read from results/study.

    runs.py        all ended runs in one table, and how steep discriminators were
    shares.py      shares of variance that factors explain
    text.py        tables and sentences as Markdown
    picture.py     the picture: every loss at every strength on every data set
    __main__.py    writes study.md, study.json and the picture into results/study

Sweeps that have not been trained, and data sets and losses that lack runs, are left out and told.
"""
