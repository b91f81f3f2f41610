"""Readers of files by format: what a file holds, with every property of the file told.

`text.py` reads delimited text, and the sheets that `workbook.py` makes text of; `parquet.py`, `json_table.py` and
`arff.py` read tables of typed columns (`typed_table.py`). No column has a role yet. `arrays.py` reads NumPy files and
`ts.py` files of UCR and UEA; both return series, as does `nested.py` for a table with one series in each row.
"""
