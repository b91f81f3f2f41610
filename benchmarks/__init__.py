"""Measures how fast `rnngan` is, beside what people would use instead. Not part of the installed program.

    python -m benchmarks.speed          everything (`make speed`); what was measured before is not measured again

Data flows one way:

    tasks -> sections -> ledger (speed.json, raw) -> facts -> targets, tables, picture

    tasks.py                what is measured: shapes, kinds of loss, and how much of it (`FULL`, `QUICK`)
    products.py             the matrix products of a training step, counted from its shapes: the floor
    contenders/             one module each: ours, plain_keras, pytorch, floor; all train the same shapes
    bench.py, rounds.py     a contender in a process of its own; several of them, taking turns
    profiled.py             our step under TensorFlow's profiler
    ordinary.py             one whole run of a peer: start, train, score, write
    processes.py            commands, their wall time and memory
    synthetic.py            folders of runs that were never trained
    sections/               steps, sweeps, growth, commands, profile: names and what to measure under each
    ledger.py               what was measured, on disk as it comes
    facts.py, targets.py    medians and ratios; what they were to be
    tables.py, picture.py   Markdown, CSV; PNG, SVG: pure functions of the facts
    speed.py                the command

docs/speed.md tells how to read what comes out.
"""
