# `make help` lists what there is. Two environments: .venv (serving and indexing, no torch) and .venv-dev (everything).
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
SERVE := .venv
DEV := .venv-dev
# A file's tests stay together, for the models that they train; tests/conftest.py says which files come first.
AT_ONCE := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help demo serve test check bench format lint types system clean version

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-8s\033[0m %s\n", $$1, $$2}'

demo: $(SERVE)/.ready ## Draw a small shop, index it, answer one query and serve the page at http://127.0.0.1:8000
	$(SERVE)/bin/modiste demo

serve: $(SERVE)/.ready ## Serve the index at MODISTE_INDEX_ROOT
	$(SERVE)/bin/modiste serve

test: system $(SERVE)/.ready $(DEV)/.ready check ## Set everything up and run every check and test
	MODISTE_SERVING_PYTHON=$(CURDIR)/$(SERVE)/bin/python OMP_NUM_THREADS=1 $(DEV)/bin/pytest $(AT_ONCE)

check: $(DEV)/.ready ## Lint, format, types and import directions
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy
	PYTHONPATH=. $(DEV)/bin/lint-imports

bench: system $(DEV)/.ready ## Measure the service against the bare pipeline (BENCH='overhead --rounds 3' for less)
	$(DEV)/bin/python -m tests.bench $(BENCH)

format: $(DEV)/.ready ## Bring every file into shape
	$(DEV)/bin/ruff check --fix .
	$(DEV)/bin/ruff format .

system: ## Install what tests need from the distribution: Redis and Chromium (Debian, Ubuntu)
	deploy/install-test-services

clean: ## Remove environments, caches and the demo's files
	rm -rf $(SERVE) $(DEV) demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info build

version:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Modiste needs 3.11 to 3.13: make PYTHON=python3.12 ..."; exit 1; }

$(SERVE)/.ready: pyproject.toml | version
	$(PYTHON) -m venv $(SERVE)
	$(SERVE)/bin/python -m pip install --quiet --editable '.[cpu]'
	touch $@

$(DEV)/.ready: pyproject.toml | version
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install --quiet --editable '.[cpu,train,dev]'
	touch $@
