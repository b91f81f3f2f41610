"""The time of the rows of a table, and the steps between them.

moments.py    the time of the rows as a record, and moments written as numbers
calendars.py  columns of years, months, days and so on
clocks.py     times of day in a column of their own
years.py      a year in each row and a column for each month
columns.py    which columns are the time of the rows
restarts.py   where a time starts anew, and with it another series
order.py      regular steps in time, gaps and uneven steps
"""
