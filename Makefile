# What there is to run: `make help`. Needs Python 3.11 or newer, and nothing else.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))) python3)
VENV := .venv
BIN := $(VENV)/bin
# A stamp per lock file: what it lists is installed once, and again when it changes.
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
# One engine per process, so the tests of a file stay in one; more to pass on: make test ARGS="-k zones"
# Marked `slow`: attacks by the minute, and every way there is where the others take some.
# One process more than there are cores: each waits now and then for a server it has started.
# The files in the order of tests/conftest.py, not by their number of tests.
PYTEST = $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
PROCESSES = $(shell $(BIN)/python -c 'import os; print(len(os.sched_getaffinity(0)) + 1)')
SIZES ?= 10MB 100MB
UV_VERSION := 0.13.9

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_REQUIRE_VIRTUALENV := 1

.DEFAULT_GOAL := help
.PHONY: help up demo tallydock install image bundle test test-slow test-compose check lint types layers bench format docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUNTIME) ## Run the whole appliance; TALLYDOCK_HOME (./data) and TALLYDOCK_PORT (8080) say where
	@TALLYDOCK_LOG_FORMAT="$${TALLYDOCK_LOG_FORMAT:-console}" exec $(BIN)/python -m worker.appliance

demo: $(RUNTIME) ## Send months of made-up data to the running appliance
	@exec $(BIN)/python -m worker.demo $(ARGS)

tallydock: $(RUNTIME) ## Run a command on the stopped appliance's folder; ARGS="backup FOLDER --key FILE"
	@exec $(BIN)/python -m worker.appliance_command $(ARGS)

install: ## Install for production with docker compose; asks for the host name
	@compose/install

image: ## Build the image of production; ARGS="--build-arg HTTPS_PROXY=..."
	@DOCKER_BUILDKIT=1 docker build --file compose/Dockerfile --tag tallydock:0.1.0 \
		--build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0) $(ARGS) .

bundle: image ## Write one archive from which `install` works without a network; FILE=tallydock.tar
	@compose/bundle "$(abspath $(or $(FILE),tallydock.tar))"

test: $(DEV) ## Run the tests; what this machine lacks is skipped by name
	@$(PYTEST) -m "not slow" $(ARGS)

test-slow: $(DEV) ## Run the tests that take their time: kills, outages, fault points, backups
	@$(PYTEST) -m slow $(ARGS)

test-compose: $(DEV) ## Install, break, back up and restore with docker compose, for real (minutes)
	@TALLYDOCK_TEST_COMPOSE=1 $(BIN)/python -m pytest tests/compose $(ARGS)

check: lint types layers test ## Run everything that has to hold before a change is handed in

lint: $(DEV) ## Hold the code to the linter and the formatter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(DEV) ## Hold the code to its types
	@$(BIN)/mypy

layers: $(DEV) ## Hold the imports to one way
	@$(BIN)/lint-imports

bench: $(DEV) ## Compare the ingest with a bare insert; SIZES="10MB 100MB 1GB 5GB"
	@$(BIN)/python -m tests.bench $(SIZES) $(ARGS)

format: $(DEV) ## Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: $(DEV) ## Write the README's tables, the datasets' JSON Schema and portal.pot anew from the code
	@$(BIN)/python -m tests.readme
	@$(BIN)/python -m tests.texts

lock: $(BIN)/python ## Resolve the dependencies anew and write the three lock files
	@$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@$(BIN)/uv pip compile $(COMPILE) --group dev -o .ci/dev.lock
	@$(BIN)/uv pip compile $(COMPILE) -c .ci/dev.lock -o requirements.lock
	@$(BIN)/uv pip compile $(PRODUCTION) -c requirements.lock -o compose/requirements.lock
PRODUCTION = -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url pyproject.toml
COMPILE = $(PRODUCTION) --extra embedded

clean: ## Remove the virtual environment and all caches; the data folder stays
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	@find server worker tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Tallydock needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock | $(BIN)/python
	@echo "Installing what Tallydock needs (about a minute, once) ..."
	@$(INSTALL) requirements.lock
	@touch $@

$(DEV): .ci/dev.lock | $(BIN)/python
	@echo "Installing what the tests need (about a minute, once) ..."
	@$(INSTALL) .ci/dev.lock
	@touch $@

# A virtual environment made by another tool may come without pip.
INSTALL = $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	$(BIN)/python -m pip install --quiet --require-hashes --requirement
