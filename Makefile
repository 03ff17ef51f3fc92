# Every target works as the first command on a fresh machine: it checks Python and the system, makes .venv and installs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test test-all fuzz check format api bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(READY)  ## virtual environment with everything that scoring and the tests need
	@echo "ready: $(BIN)/gsi-bench --help"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) tools/check_machine.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,blender]"
	$(BIN)/gsi-bench weights lpips
	-$(BIN)/gsi-bench register  # only evaluate.load("gsi_bench") needs it; a read-only cache must not stop the rest
	@touch $@

demo: $(READY)  ## score four editors on the embedded data and write build/demo/report.html
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/demo.sh

test: $(READY)  ## everything that needs no GPU, no download and no display (minutes)
	$(BIN)/python -m pytest -n 2 -m "not slow and not gpu"

test-all: $(READY)  ## the slow tests too, and the GPU's where there is one
	$(BIN)/python -m pytest -n 2

fuzz: $(READY)  ## new hostile inputs for MINUTES (5), from SEED: TARGET all, import, records, space, commands or images
	$(BIN)/python tests/attacks/fuzz.py --minutes $(or $(MINUTES),5) --seed $(or $(SEED),1000) $(or $(TARGET),all)

check: $(READY)  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports

format: $(READY)  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

api: $(READY)  ## docs/api.md and the table of thresholds in docs/metric.md, from the code
	$(BIN)/python tools/api_page.py

bench: $(READY)  ## speed: every figure of docs/performance.md (minutes, on an idle machine)
	$(BIN)/python benchmarks/speed.py

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
