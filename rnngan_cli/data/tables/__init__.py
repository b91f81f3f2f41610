"""What the columns of a table mean: how numbers and dates are written, roles, forms, and the series in it.

Files are read to tables in `formats`. Here `load.py` turns a table into raw series:

    numbers.py    numbers from text: decimal commas, thousands separators, missing marks
    dates.py      dates and times from text, in one column or several
    moments.py    the time of the rows as a record, and moments written as numbers
    calendars.py  columns of years, months, days and so on
    times.py      which columns are the time of the rows
    roles.py      what each column is for: time, id, label, feature, or none
    repeats.py    times that occur more than once, and columns that may name series
    classes.py    labels
    forms_of.py   the form of a feature: decimal, whole, boolean, category, constant
    order.py      regular steps in time, gaps and uneven steps
    grouping.py   rows in order of time, parted into series; where windows end
    wide.py       one series a row
"""
