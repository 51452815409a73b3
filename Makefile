# make run       opens the app on http://127.0.0.1:7860
# make serve     the same with its work on replicas of Ray Serve; see docs/capacity.md
# make test      checks style and types, then runs the quick tests (some need Chromium)
# make test-all  the same with the slow tests and more examples
# All make .venv at their first run. Without make: see the README.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEV := .venv/.dev
SERVE := .venv/.serve
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

.PHONY: run serve test test-all check clean

run: $(INSTALLED)
	$(BIN)/python app.py

serve: $(SERVE)
	$(BIN)/python -m serve

test: check
	$(PYTEST)

test-all: check
	HYPOTHESIS_PROFILE=all $(PYTEST) -m ""

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(INSTALLED): requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e .
	touch $@

$(SERVE): requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e ".[serve]"
	touch $(INSTALLED) $@

$(DEV): requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e ".[dev]"
	touch $(INSTALLED) $(SERVE) $@

clean:
	rm -rf .venv build *.egg-info
