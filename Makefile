# `make help` lists the targets. Environments: .venv (serving and indexing), .venv-dev (tests, checks, training),
# .venv-bench (serving, and the servers that it is compared with) and .venv-fuzz (tests, and fuzzers). The first two are
# installed from requirements/*.txt with hashes, the others add the extras `bench` and `fuzz`; CONTRIBUTING.md says how
# to change a dependency.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
SERVE := .venv
DEV := .venv-dev
BENCH_ENV := .venv-bench
FUZZ_ENV := .venv-fuzz
# The tests of a file run in one process, because they share models. tests/conftest.py orders the files.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PYTEST = MODISTE_SERVING_PYTHON=$(abspath $(SERVE))/bin/python OMP_NUM_THREADS=1 $(DEV)/bin/pytest $(PARALLEL)
FAST ?= not slow and not system
TOOL = $(DEV)/bin/uv tool run --from
LOCK = $(DEV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
  --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

.PHONY: help demo serve test-fast test test-slow lint check lock bench bench-index fuzz sbom audit format system clean version

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-11s\033[0m %s\n", $$1, $$2}'

demo: $(SERVE)/.ready ## Draw a small shop, index it, run one query and serve the page at http://127.0.0.1:8000
	$(SERVE)/bin/modiste demo

serve: $(SERVE)/.ready ## Serve the index at MODISTE_INDEX_ROOT
	$(SERVE)/bin/modiste serve

test-fast: $(SERVE)/.ready $(DEV)/.ready ## Run the fast tests that need no torch, Redis or Chromium: before every commit
	$(PYTEST) -m "$(FAST)" --ignore tests/training

test: system $(SERVE)/.ready $(DEV)/.torch check ## Run every check and every test that is not slow
	$(PYTEST) -m "not slow"

test-slow: system $(SERVE)/.ready $(DEV)/.torch ## Run the slow tests
	$(PYTEST) -m slow

lint: $(DEV)/.ready ## Check lint and format
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .

check: lint $(DEV)/.torch ## Check lint, format, types and import directions
	$(DEV)/bin/mypy
	PYTHONPATH=. $(DEV)/bin/lint-imports

bench: $(BENCH_ENV)/.ready ## Run the benchmarks on a quiet machine (BENCH='peers --rounds 3' selects)
	$(BENCH_ENV)/bin/python -m tests.bench $(BENCH)

bench-index: $(BENCH_ENV)/.ready ## Measure indexes of INDEX enlarged to a million products, and ranking on them
	$(BENCH_ENV)/bin/python -m tests.bench.index $(INDEX) $(BENCH)

fuzz: $(FUZZ_ENV)/.ready ## Look for inputs that fail, hang or take too much memory (FUZZ='--seconds 600')
	$(FUZZ_ENV)/bin/python -m tests.fuzz $(FUZZ)

sbom: | $(DEV)/.ready ## Write what the images contain to build/sbom (CycloneDX)
	mkdir -p build/sbom
	for lock in serve gpu; do $(TOOL) 'cyclonedx-bom>=7.5,<8' cyclonedx-py requirements requirements/$$lock.txt \
	  --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom/$$lock.cdx.json; done

audit: | $(DEV)/.ready ## Look up the locked versions among known vulnerabilities (DATABASE=all.zip needs no network)
	for lock in serve gpu dev; do $(if $(DATABASE),$(DEV)/bin/python -m tests.repository.advisories $(DATABASE)) \
	  $(TOOL) 'pip-audit>=2.10,<3' pip-audit --strict --require-hashes --disable-pip \
	  --requirement requirements/$$lock.txt; done

format: $(DEV)/.ready ## Format every file
	$(DEV)/bin/ruff check --fix .
	$(DEV)/bin/ruff format .

lock: | $(DEV)/.ready ## Resolve requirements/*.txt from pyproject.toml (UPGRADE=1 takes the newest versions)
	$(LOCK) $(addprefix --extra ,cpu otel train qdrant s3 ray dev) --override requirements/no-torch.in -o requirements/dev.txt
	$(LOCK) $(addprefix --extra ,cpu otel qdrant s3) --constraint requirements/dev.txt -o requirements/serve.txt
	$(LOCK) $(addprefix --extra ,gpu otel qdrant s3) --constraint requirements/dev.txt -o requirements/gpu.txt

system: ## Install Redis and Chromium for the tests (Debian, Ubuntu); asks before it uses sudo
	deploy/install-test-services

clean: ## Remove environments, caches and the files of the demo
	rm -rf $(SERVE) $(DEV) $(BENCH_ENV) $(FUZZ_ENV) demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info build

version:
	@$(PYTHON) -c '' 2>/dev/null || { echo "$(PYTHON) cannot be run. Give the path of a Python from 3.11 to 3.13: make PYTHON=/path/to/python3.13 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Modiste needs 3.11 to 3.13: make PYTHON=python3.12 ..."; exit 1; }

$(SERVE)/.ready: requirements/serve.txt pyproject.toml | version
	$(PYTHON) -m venv $(SERVE)
	$(SERVE)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement $<
	$(SERVE)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

$(BENCH_ENV)/.ready: requirements/serve.txt pyproject.toml | version
	$(PYTHON) -m venv $(BENCH_ENV)
	$(BENCH_ENV)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement $<
	$(BENCH_ENV)/bin/python -m pip install --quiet --editable '.[cpu,otel,bench]'
	touch $@

$(FUZZ_ENV)/.ready: requirements/dev.txt pyproject.toml | version
	$(PYTHON) -m venv $(FUZZ_ENV)
	$(FUZZ_ENV)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement $<
	$(FUZZ_ENV)/bin/python -m pip install --quiet --editable '.[cpu,otel,dev,fuzz]'
	touch $@

$(DEV)/.ready: requirements/dev.txt pyproject.toml | version
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement $<
	$(DEV)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

# The lock leaves torch out, so that each machine takes the build that fits it (CPU, CUDA, ROCm).
$(DEV)/.torch: $(DEV)/.ready
	$(DEV)/bin/python -m pip install --quiet --editable '.[cpu,otel,train]'
	touch $@
