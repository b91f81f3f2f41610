"""What the text in the columns of a table says: numbers, dates, and cells without a value.

cells.py      the columns of a table as text, numbers and dates, each worked out once
numbers.py    numbers from text: decimal commas, thousands separators, missing marks
flags.py      letters behind numbers, such as `p` for a provisional value
dates.py      dates and times from text, one format a column
months.py     names of months in several languages
intervals.py  times written as intervals
"""
