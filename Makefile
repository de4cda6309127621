# hercle-proto: needs Python 3.11 or newer and make, nothing else.
#   make demo                      creates and lists an invoice against the sandbox
#   make test                      runs the tests
#   make test PYTHON=python3.13    runs them on another interpreter, in an environment of its own

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
UV ?= uv

# Other interpreters are told apart by version, so a name and a path of the same one share an environment.
ifeq ($(origin PYTHON),file)
INTERPRETER := $(PYTHON)
VENV := .venv
else
INTERPRETER := $(or $(shell .ci/find-python $(PYTHON)),$(PYTHON))
VENV := .venv-$(shell $(INTERPRETER) -c 'import sys; print("python%d.%d" % sys.version_info[:2])' 2>/dev/null)
endif
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test check-format lint format types layers docs coverage bench fuzz wheel requirements clean

help: ## show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# -- environments: made once, and again when what they are made from changes ------------------------

$(BIN)/python:
	@$(INTERPRETER) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "hercle-proto needs Python 3.11 or newer, which '$(PYTHON)' is not (or it does not run);" \
	    "name another: make $(or $(firstword $(MAKECMDGOALS)),demo) PYTHON=python3.13" >&2; exit 1; }
	$(INTERPRETER) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements/demo.txt
	$(INSTALL) --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements/dev.txt
	$(INSTALL) --no-build-isolation --no-deps -e .
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: requirements/bench.txt $(VENV)/.demo
	$(INSTALL) --require-hashes -r requirements/bench.txt
	@touch $@

# -- what people type ---------------------------------------------------------------------------------

demo: $(VENV)/.demo ## create an invoice and list it, against a sandbox on this machine
	@$(BIN)/hercle demo

test: $(VENV)/.dev ## run the tests (ARGS="tests/hub -k ping" for some of them)
	$(BIN)/python -m $(if $(COVERAGE),coverage run -m )pytest $(ARGS)

lint: $(VENV)/.dev ## check style
	$(BIN)/ruff check .

check-format: $(VENV)/.dev ## check format
	$(BIN)/ruff format --check .

format: $(VENV)/.dev ## mend style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## check types, with mypy and pyright
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

layers: $(VENV)/.dev ## check that each layer imports only what is below it, and that the core is pure
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/test_purity.py

docs: $(VENV)/.dev ## run the examples of the documentation, and check its links
	$(BIN)/python -m pytest -q tests/docs

coverage: $(VENV)/.dev ## ask whether "make test COVERAGE=1" took every branch of hercle_proto
	$(BIN)/python -m coverage report

bench: $(VENV)/.bench ## measure beside pysignalr
	$(BIN)/python tests/bench $(ARGS)

fuzz: $(VENV)/.dev ## throw bytes at whatever parses bytes
	$(BIN)/python fuzz $(ARGS)

wheel: $(VENV)/.dev ## build the wheel and the source archive into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/check-wheel-contents dist/*.whl

# Hashes of every file of every version, for all platforms and interpreters; no host is named.
requirements: ## pin the newest of everything (needs uv)
	@for file in demo dev bench; do env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL \
	  $(UV) --no-config pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header requirements/$$file.in -o requirements/$$file.txt; done

clean: ## remove what the other targets made, environments included
	rm -rf .venv .venv-python* build dist .coverage .hypothesis .import_linter_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find src tests fuzz docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
