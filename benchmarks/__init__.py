"""Measures how fast `rnngan` is beside the alternatives. Not part of the installed package.

    python -m benchmarks.speed          everything (`make speed`); existing measurements are kept

Data flows one way:

    tasks -> sections -> ledger (speed.json, raw) -> facts -> targets, tables, picture

    tasks.py                what is measured: shapes, kinds of loss, amounts (`FULL`, `QUICK`)
    products.py             the matrix products of a training step, counted from its shapes: the floor
    contenders/             one module per contender: ours, plain_keras, pytorch, floor; all use the same shapes
    bench.py, rounds.py     a contender in its own process; several contenders in turn
    profiled.py             our step under TensorFlow's profiler
    ordinary.py             a whole run of a peer: start, train, score, write
    processes.py            commands, their wall time and memory
    synthetic.py            folders of runs with made-up results
    sections/               steps, sweeps, growth, commands, profile: the measurements of each by name
    ledger.py               raw measurements, written to disk as they are made
    facts.py, targets.py    medians and ratios; their targets
    tables.py, picture.py   Markdown, CSV; PNG, SVG: pure functions of the facts
    speed.py                the command

docs/speed.md explains the results.
"""
