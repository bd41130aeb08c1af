# The one task runner. It needs Python 3.11 or newer, pip and make, and nothing else.

PYTHON ?= python3
ARGS ?=
WHOLE ?=
# Tests mostly wait, so two cores have time for more workers than two. The whole run has more tests that load regions.
WORKERS ?= $(if $(WHOLE),3,4)
# `=` and not `:=`, so that both follow the WHOLE of `test-all`.
# WHOLE=rest runs whole what a short run leaves out or shortens, and nothing else.
EXTENT = $(if $(WHOLE),$(if $(filter rest,$(WHOLE)),--rest,--whole --programs))
# Files in their order, so that what the tests of a folder share is started once, and ends with the last of them.
SPREAD = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
UV_VERSION := 0.13.9

BIN := .venv/bin
# The packages for `make up`, and those that the tests and the checks need besides.
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev

COMPILE := .venv/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url

# With the Python of .venv if there is one, otherwise with $(PYTHON), which must be new enough.
define install
@python=$(BIN)/python; $$python -m pip --version >/dev/null 2>&1 || { python=$(PYTHON); \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "$$python is not Python 3.11 or newer; name one that is: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }; }; \
	$$python deploy/environment.py $(1)
@touch $@
endef

# Without bytecode in files, every process that starts compiles all of its code again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up venv test test-all bench check lint types arrows images format lock clean on-linux

help: ## Show the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

up: on-linux $(INSTALLED) ## Start three regions on this machine; ARGS="--rtt 0" passes options on
	@exec $(BIN)/crosshook up $(ARGS)

venv: $(INSTALLED_DEV) ## Install everything, also for the tests and the secrets for Kubernetes

test: on-linux $(INSTALLED_DEV) ## Run the tests, the long ones shortened; ARGS="tests/unit -k stamps" picks, WORKERS=0 debugs
	@$(BIN)/python -m pytest $(SPREAD) $(EXTENT) $(ARGS)

test-all: WHOLE = yes
test-all: test ## Run every test in full, also those that need another program

bench: on-linux $(INSTALLED_DEV) ## Measure the speed beside a PostgreSQL table; ARGS="--quick --against DIR" adds another worktree
	@exec $(BIN)/python -m bench $(ARGS)

check: lint types arrows test ## Run lint, types, arrows and tests; WHOLE=yes runs every test in full, WHOLE=rest what `make test` does not

lint: $(INSTALLED_DEV) ## Check the code's style and formatting
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(INSTALLED_DEV) ## Check the types
	@$(BIN)/mypy

arrows: $(INSTALLED_DEV) ## Check which package imports which
	@$(BIN)/lint-imports

images: $(INSTALLED) ## Show how long the images of Docker Compose and Kubernetes are supported, today
	@$(BIN)/python -m deploy.images

format: $(INSTALLED_DEV) ## Format the code, and apply the linter's automatic fixes
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: $(INSTALLED_DEV) ## Write all lock files again; ARGS=--upgrade takes newer versions
	$(PYTHON) -m venv --clear .venv/uv
	.venv/uv/bin/python -m pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)
	$(COMPILE) pyproject.toml --python-version 3.11 --extra local --extra traces --extra certificates --group dev \
		--output-file requirements-dev.lock $(ARGS)
	$(COMPILE) pyproject.toml --python-version 3.11 --extra local --extra traces --group build \
		--constraint requirements-dev.lock --output-file requirements.lock
	$(COMPILE) pyproject.toml --python-version 3.13 --extra traces --extra certificates \
		--constraint requirements-dev.lock --output-file deploy/docker/requirements.lock
	$(COMPILE) --group build --python-version 3.13 --constraint requirements-dev.lock --output-file deploy/docker/build.lock

clean: ## Remove .venv and all caches
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache test-artefacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Regions on this machine need it: their ports are kept by abstract sockets, which only Linux has.
on-linux:
	@[ "$$(uname -s)" = Linux ] || { \
		echo "make $(MAKECMDGOALS) needs Linux, and this is $$(uname -s). Docker Compose runs the same regions: docs/tour.md" >&2; exit 1; }

$(INSTALLED): requirements.lock pyproject.toml
	$(call install,requirements.lock)

$(INSTALLED_DEV): requirements-dev.lock $(INSTALLED)
	$(call install,requirements-dev.lock)
