# One-word recipes; CI and the README call the same. Needs Python >= 3.11 with pip, and make.
# `make setup` makes .venv from the pinned requirements; everything else builds on it.

PYTHON ?= python3
# Compiled modules make every start several times faster, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*/pyproject.toml)
EDITABLE := -e host $(foreach plugin,$(PLUGINS),-e $(dir $(plugin)))
# What the installed set depends on: a change of any of these installs again.
RUN := requirements/run.txt host/pyproject.toml $(PLUGINS)
JS := tests/acceptance/js

.PHONY: help setup demo up test lint bench chaos pins clean

help: ## list the recipes
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: $(RUN) | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/dev.stamp ## install everything that tests and linters need

demo: $(VENV)/run.stamp ## make four logos, no key and no service needed
	@$(BIN)/workhall demo

up: $(VENV)/run.stamp ## the whole system on http://127.0.0.1:3000
	@$(BIN)/workhall up

test: setup ## every test; those that need Node are skipped where it is missing
	@if command -v npm >/dev/null; then npm ci --prefix $(JS) --silent --no-audit --no-fund; fi
	$(BIN)/python -m pytest -q

lint: setup ## format, style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## beside stock SAQ and BullMQ, interleaved
	$(BIN)/python -m bench

chaos: setup ## kill everything at random while jobs run, on both databases; zeros or exit 1
	$(BIN)/python -m chaos --database sqlite
	$(BIN)/python -m chaos --database postgresql

pins: ## pin anew; needs uv
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet \
		--all-extras --no-emit-package workhall -o requirements/run.txt requirements/run.in host/pyproject.toml $(PLUGINS)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet \
		-c requirements/run.txt -o requirements/dev.txt requirements/dev.in

clean: ## remove what was built and the data of `up` and `demo`
	rm -rf $(VENV) .workhall $(JS)/node_modules bench/peers/node_modules
