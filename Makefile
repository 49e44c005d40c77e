# AttiBooks: every command a checkout knows. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
DISTRIBUTIONS := . plugins/attio plugins/quickbooks sandbox
export VIRTUAL_ENV := $(CURDIR)/.venv

.venv/.ok: requirements/uv.txt requirements/dev.txt pyproject.toml plugins/*/pyproject.toml sandbox/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("AttiBooks needs Python 3.11 or newer, this is %d.%d: make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once, about 20 s)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install -q --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation $(foreach d,$(DISTRIBUTIONS),-e $(if $(filter .,$(d)),.,./$(d)))
	@touch $@

.PHONY: help
help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: install
install: .venv/.ok ## set up .venv

.PHONY: lock
lock: ## resolve the requirement files anew (the only command that does)
	@$(PYTHON) -m venv .venv && $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements/uv.in -o requirements/uv.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml requirements/dev.in -o requirements/dev.txt
