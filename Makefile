# The one task runner. A machine with Python >= 3.11, pip and make needs nothing else.

PYTHON ?= python3
ARGS ?=
WHOLE ?=
# Much of the short run waits, so that two cores have time for four workers. The whole one keeps them busy.
WORKERS ?= $(if $(WHOLE),2,4)
UV_VERSION := 0.13.9

BIN := .venv/bin
INSTALLED := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --no-input --disable-pip-version-check

COMPILE := .venv/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url

define python-is-new-enough
{ $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "$(PYTHON) is not Python 3.11 or newer; name one that is: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }; }
endef

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up test test-all bench check lint types arrows format lock clean

help: ## Show what there is to run
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

up: $(INSTALLED) ## Start three regions on this machine; ARGS="--rtt 0" passes options on
	@exec $(BIN)/crosshook up $(ARGS)

test: $(INSTALLED) ## Run the tests, the long ones shortened; ARGS="tests/unit -k stamps" picks, WORKERS=0 debugs
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(if $(WHOLE),--whole --programs) $(ARGS)

test-all: WHOLE = yes
test-all: test ## Run every test whole, also those that need a program of their own

bench: $(INSTALLED) ## Measure the speed figures of the README; ARGS="compare --against DIR" compares with another worktree
	@exec $(BIN)/python -m bench $(ARGS)

check: lint types arrows test ## Run lint, types, arrows and tests; WHOLE=yes runs every test whole

lint: $(INSTALLED) ## Check the code's style and formatting
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(INSTALLED) ## Check the types
	@$(BIN)/mypy

arrows: $(INSTALLED) ## Check which package imports which
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Format the code, and mend what the linter can mend by itself
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: $(INSTALLED) ## Pin the dependencies anew; ARGS=--upgrade takes newer versions
	$(PYTHON) -m venv --clear .venv/uv
	.venv/uv/bin/python -m pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)
	$(COMPILE) pyproject.toml --python-version 3.11 --extra local --extra traces --extra certificates --group dev \
		--output-file requirements.lock $(ARGS)
	$(COMPILE) pyproject.toml --python-version 3.13 --extra traces --extra certificates \
		--constraint requirements.lock --output-file deploy/docker/requirements.lock
	$(COMPILE) --group build --python-version 3.13 --constraint requirements.lock --output-file deploy/docker/build.lock

clean: ## Remove .venv and everything that the tools left behind
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache test-artefacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { $(python-is-new-enough) && $(PYTHON) -m venv --clear .venv; }
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
