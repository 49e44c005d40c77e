# AttiBooks: every command a checkout knows. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
DISTRIBUTIONS := . ./plugins/attio ./plugins/quickbooks ./plugins/invoice_object ./plugins/stripe_billing ./sandbox
SOURCES := attibooks_core hookspecs.py conftest.py plugins sandbox examples tests benchmarks
export VIRTUAL_ENV := $(CURDIR)/.venv

.venv/.ok: requirements/uv.txt requirements/dev.txt pyproject.toml plugins/attio/pyproject.toml plugins/quickbooks/pyproject.toml plugins/invoice_object/pyproject.toml plugins/stripe_billing/pyproject.toml sandbox/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("AttiBooks needs Python 3.11 or newer. Say which one: make PYTHON=python3.11")'
	@echo "setting up .venv (once, about 20 s)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install -q --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation $(foreach d,$(DISTRIBUTIONS),-e $(d))
	@touch $@

.PHONY: help
help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: install
install: .venv/.ok ## set up .venv

.PHONY: demo
demo: .venv/.ok ## sandbox and host on loopback; ARGS="--once" runs the main job without a browser
	@$(BIN)/attibooks demo $(ARGS)

.PHONY: test
test: .venv/.ok ## every test, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: check
check: .venv/.ok ## lint, format, types, import contracts
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: format
format: .venv/.ok ## put the sources into their form
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

.PHONY: faults
faults: .venv/.ok ## the long kill runs with real leases; prints the tally
	@$(BIN)/python -m pytest -m kill --kill-rounds 10 --real-leases --timeout 600 $(ARGS)

.PHONY: bench
bench: .venv/.ok ## the benchmarks; ONLY=B1 runs one of them
	@$(BIN)/python -m benchmarks $(ONLY)

.PHONY: migration
migration: .venv/.ok ## write a migration for a change of the tables: MESSAGE="..."
	@$(BIN)/python -m attibooks_core.storage.migrations.new "$(MESSAGE)"

.PHONY: lock
lock: ## resolve the requirement files anew (the only command that does)
	@$(PYTHON) -m venv .venv && $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements/uv.in -o requirements/uv.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml plugins/*/pyproject.toml sandbox/pyproject.toml requirements/dev.in --no-emit-package attibooks-core -o requirements/dev.txt

.PHONY: clean
clean: ## remove what the commands made
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
