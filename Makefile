PYTHON ?= $(shell for python in python3 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast test-parity check format bench bench-layout clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed and neither was found: make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "==> Creating the environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@echo "==> Installing torch 2.13.0 and the other packages (about a minute on a fast line)"
	@$(BIN)/pip install --quiet --disable-pip-version-check "torch==2.13.0"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $(STAMP)

setup: $(STAMP) ## Create the environment

run: $(STAMP) ## Set everything up and serve a Home at http://127.0.0.1:8000
	@$(BIN)/home setup
	@$(BIN)/home serve

test: $(STAMP) ## Run all tests (PostgreSQL ones when HOME_TEST_POSTGRES_URL is set)
	@$(BIN)/pytest -n $(WORKERS) -m "not benchmark and not parity"

test-fast: $(STAMP) ## Run the tests that need no server, browser or patience
	@$(BIN)/pytest -n $(WORKERS) -m "not benchmark and not slow and not postgres and not browser and not parity"

test-parity: $(STAMP) ## Compare the off-policy estimators with obp's (HOME_TEST_OPEN_BANDIT: on real logs too)
	@test -x .venv-parity/bin/python || $(PYTHON) -m venv .venv-parity
	@.venv-parity/bin/pip install --quiet --disable-pip-version-check --requirement tests/parity/requirements.txt
	@.venv-parity/bin/pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python "obp==0.5.7"
	@HOME_TEST_OBP=.venv-parity/bin/python $(BIN)/pytest -m parity tests/parity

check: $(STAMP) ## Format, lint, types and layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP) ## Format the code and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## Print the benchmark tables, with ratios against the named peers
	@$(BIN)/python -m tests.benchmarks.bench_compose
	@$(BIN)/python -m tests.benchmarks.bench_layout
	@$(BIN)/python -m tests.benchmarks.bench_draw
	@$(BIN)/python -m tests.benchmarks.bench_score
	@$(BIN)/python -m tests.benchmarks.bench_simulate

bench-layout: $(STAMP) ## Print the layout benchmark alone, and write its plots to var/bench
	@$(BIN)/python -m tests.benchmarks.bench_layout

clean: ## Remove the environment and the local database
	rm -rf $(VENV) var build *.egg-info
