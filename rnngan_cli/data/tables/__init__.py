"""What the columns of a table are for, and the series in it.

Files are read to tables in `formats`, the text of cells in `values`, and the time of rows in `times`. Here `load.py`
turns a table into raw series:

    roles.py      what each column is for: time, id, label, feature, or none
    repeats.py    times that occur more than once, and columns that may name series
    classes.py    labels
    forms_of.py   the form of a feature: decimal, whole, boolean, category, constant
    grouping.py   rows in order of time, parted into series; where windows end
    wide.py       one series a row
"""
