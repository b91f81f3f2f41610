# Two commands do everything on a fresh machine: `make benchmark` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Packages of data of which only files are read, installed without what they need: sktime would want an older pandas.
DATA := sktime
PEERS := $(VENV)/.ready-peers
SOURCES := rnngan_cli benchmarks tests docs
OUTPUT ?= results/my-benchmark
SPEED ?= results/my-speed
FUZZ_SECONDS ?= 300

.DEFAULT_GOAL := help
.PHONY: help setup benchmark publish recipe study choices presets levers budgets tune speed rounding simulate reliability golden fuzz docs site screenshots test slow torture \
	wheel try-wheel audit check format clean

help:  ## Show the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(READY)  ## Create the environment in .venv.

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,ray]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps $(DATA)
	@touch $@

benchmark: $(READY)  ## Train ten losses on two data sets, 6 seeds, and answer; half an hour; OUTPUT=results/my-benchmark.
	$(BIN)/rnngan sweep experiments/benchmark.toml --bits portable --output $(OUTPUT)
	$(BIN)/rnngan evaluate $(OUTPUT)
	$(BIN)/rnngan plot $(OUTPUT)
	$(BIN)/rnngan compare $(OUTPUT)

publish: $(READY)  ## Make the committed results, packed: the benchmark and two studies; then the tables of README.md.
	for name in benchmark adam-vs-sgd digits-codes; do $(BIN)/rnngan unpack results/$$name || exit 1; done
	$(MAKE) benchmark OUTPUT=results/benchmark
	for study in adam-vs-sgd digits-codes; do \
	    $(BIN)/rnngan sweep experiments/$$study.toml --bits portable && $(BIN)/rnngan evaluate results/$$study && \
	    $(BIN)/rnngan plot results/$$study || exit 1; \
	done
	$(BIN)/rnngan pack results/benchmark --without-weights --samples first
	$(BIN)/rnngan pack results/adam-vs-sgd --without-weights --samples none
	$(BIN)/rnngan pack results/digits-codes --without-weights
	$(MAKE) docs

recipe: $(READY)  ## Train all ten losses by the recipe and by plain settings on five data sets; hours on two cores; resumable.
	for name in recipe plain; do \
	    if [ -f results/$$name/runs.zip ]; then $(BIN)/rnngan unpack results/$$name || exit 1; fi; \
	    $(BIN)/rnngan sweep experiments/$$name.toml --bits portable && $(BIN)/rnngan evaluate results/$$name || exit 1; \
	done

STUDY ?= weak none strong lstm

study: $(READY)  ## Train the study of ten losses (experiments/study) into results/study; some 10 hours on two cores; resumable.
	for name in $(STUDY); do \
	    if [ -f results/study/$$name/runs.zip ]; then $(BIN)/rnngan unpack results/study/$$name || exit 1; fi; \
	    $(BIN)/rnngan sweep experiments/study/$$name.toml --bits portable --output results/study/$$name && \
	    $(BIN)/rnngan evaluate results/study/$$name || exit 1; \
	done
	$(BIN)/python -m benchmarks.study

CHOICES ?= sines stocks ar-gaussian digits

choices: $(READY)  ## Choose a loss for CHOICES="sines stocks ..." in half an hour each, and hold it against results/study/weak.
	for name in $(CHOICES); do \
	    $(BIN)/rnngan choose $$name --budget 30m --bits portable --output results/choices || exit 1; \
	done
	$(BIN)/python -m benchmarks.choices

presets: $(READY)  ## Train the presets of published generators and their losses by the recipe, ten seeds each, into results/presets.
	for name in rcgan c-rnn-gan; do \
	    $(BIN)/rnngan sweep experiments/$$name-sines.toml --seeds 10 --protocol timegan --bits portable --output results/presets/$$name || exit 1; \
	done
	$(BIN)/rnngan sweep --losses cgan,igan --seeds 10 --protocol timegan --bits portable --output results/presets/recipe

levers: $(READY)  ## Put back one setting of the recipe at a time, into results/levers; hours on two cores; resumable.
	if [ -f results/levers/runs.zip ]; then $(BIN)/rnngan unpack results/levers; fi
	$(BIN)/rnngan sweep experiments/levers.toml --bits portable
	$(BIN)/rnngan evaluate results/levers

budgets: $(READY)  ## Train two losses with the updates of each budget on four data sets, into results/budgets; hours; resumable.
	if [ -f results/budgets/runs.zip ]; then $(BIN)/rnngan unpack results/budgets; fi
	$(BIN)/rnngan sweep experiments/budgets.toml --bits portable
	$(BIN)/rnngan evaluate results/budgets

TUNED ?= sines stocks ar-gaussian digits

tune: $(READY)  ## Tune the ten losses on equal budgets on TUNED="sines stocks ...", into results/tune; hours on two cores; resumable.
	for name in $(TUNED); do \
	    if [ -f results/tune/$$name/after/runs.zip ]; then $(BIN)/rnngan unpack results/tune/$$name || exit 1; fi; \
	    $(BIN)/rnngan tune --datasets $$name --steps 600 --bits portable && \
	    $(BIN)/rnngan pack results/tune/$$name --without-weights --samples none || exit 1; \
	done

$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,ray,peers]'
	@touch $@

speed: $(PEERS)  ## Measure speed beside Keras and PyTorch; two hours on an idle machine; resumable; SPEED=results/my-speed.
	$(BIN)/python -m benchmarks.speed --output $(SPEED)

rounding: $(READY)  ## Measure what rounding does to scores, beside seeds, into results/rounding; half an hour on two cores; resumable.
	$(BIN)/python -m benchmarks.rounding

simulate: $(READY)  ## Simulate how often the sentences of `compare` and `choose` are wrong, into results/verdicts; half an hour on one core.
	$(BIN)/python -m benchmarks.verdict_rates
	$(BIN)/python -m benchmarks.choice_rates

reliability: $(READY)  ## Measure what each score sees of damage to real series, for `rnngan metrics` and docs/; ten minutes on one core.
	$(BIN)/python -m benchmarks.reliability

golden: $(READY)  ## Record the bits of short runs of every loss and cell on this kind of processor, into tests/golden/runs.json.
	$(BIN)/python -m tests.golden --add
	$(BIN)/python -m tests.golden --add --bits native

fuzz: $(READY)  ## Feed corrupted files of every kind to the readers for FUZZ_SECONDS=300; counts into results/fuzz.json.
	$(BIN)/python -m tests.support.fuzz --seconds $(FUZZ_SECONDS) --output results/fuzz.json

docs: $(READY)  ## Regenerate the generated pages of docs/ and the tables of README.md.
	$(BIN)/python docs/generate.py

site: $(READY)  ## Build docs/ as a site into site/; a broken link is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

screenshots: $(READY)  ## Retake the pictures of README.md from results/benchmark; needs chromium.
	$(BIN)/python docs/screenshots.py

test: $(READY)  ## Run the tests, two files at a time.
	$(BIN)/python -m pytest -m 'not slow' -n 2 --dist loadfile --no-loadscope-reorder

slow: $(READY)  ## Run the tests that take minutes.
	$(BIN)/python -m pytest -m slow

torture: $(READY)  ## Kill sweeps at 200 random moments and compare every byte, into results/torture.json; half an hour on two cores.
	$(BIN)/python -m tests.torture --kills 200 --output results/torture.json
	$(BIN)/python -m pytest -m slow tests/sweeps/test_kills.py

wheel: $(READY)  ## Build the sdist, and from it the wheel, into dist/.
	rm -rf build dist
	$(BIN)/python -m build --no-isolation --quiet

try-wheel: wheel  ## Install the wheel into an empty environment and use it from a CSV to a report, outside the repository.
	$(BIN)/python -m tests.support.wheel dist

audit:  ## Check the pinned versions for known vulnerabilities; needs the network.
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit==2.10.1'
	$(VENV)-audit/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

check: $(READY)  ## Check format, lint and types.
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy

format: $(READY)  ## Format the code and fix what the linter can.
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

clean:  ## Remove the environment and caches; results stay.
	rm -rf $(VENV) $(VENV)-audit .mypy_cache .ruff_cache .pytest_cache .hypothesis site build dist ./*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
