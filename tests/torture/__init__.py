"""Kills real sweeps at random moments, gives the same command until it is done, and compares every byte.

`python -m tests.torture --kills 200` (`make torture`) writes what it did to results/torture.json.

    command.py   the sweep: one command, its processes as the system shows them, the bytes it leaves
    blows.py     which process is killed when: a plan drawn from a seed
    harness.py   carries the plan out and keeps count
"""
