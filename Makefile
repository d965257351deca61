PYTHON ?= $(shell command -v python3.12 || command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@echo "==> Creating the environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v in ((3, 11), (3, 12)) else f"Python {v[0]}.{v[1]} found; 3.11 or 3.12 is needed: make PYTHON=/path/to/python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@echo "==> Installing (torch's CPU build and the other packages; about a minute on a fast line)"
	@$(BIN)/pip install --quiet --disable-pip-version-check "torch==2.13.0"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $(STAMP)

setup: $(STAMP) ## Create the environment

run: $(STAMP) ## Set everything up and serve a Home at http://127.0.0.1:8000
	@$(BIN)/home setup
	@$(BIN)/home serve

test: $(STAMP) ## Run all tests (PostgreSQL ones when HOME_TEST_POSTGRES_URL is set)
	@$(BIN)/pytest -m "not benchmark"

check: $(STAMP) ## Format, lint, types, layers and the fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -m "not benchmark and not slow and not postgres and not browser"

format: $(STAMP) ## Format the code and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## Print the benchmark tables, with ratios against the named peers
	@$(BIN)/python -m tests.benchmarks.bench_compose
	@$(BIN)/python -m tests.benchmarks.bench_layout

clean: ## Remove the environment and the local database
	rm -rf $(VENV) var build *.egg-info
