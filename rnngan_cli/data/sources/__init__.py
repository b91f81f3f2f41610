"""The built-in data sets: a module for each source, and the data that come with the package.

A module has `SOURCES`, one record or more (`source.Source`), and a function that loads raw series. `../registry.py`
lists the modules; `NOTICE.md` says where the data come from, and their licences.
"""
