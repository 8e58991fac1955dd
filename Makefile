# Two commands do everything on a machine that has Python 3.11 and pip:
#   make demo    set up, then train on bouncing balls from nothing and show the result
#   make test    set up, then run the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The release that the tests run with. Where pip would bring a GPU build that is not wanted, add
# pip's options for another index here: make demo TORCH="torch==2.13.0 --index-url ..."
TORCH ?= torch==2.13.0

.PHONY: demo test lint docs clean

demo: $(VENV)/.demo
	$(BIN)/videospace demo --out demo

test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# The documentation as pages, in build/site; a broken link or a public name without docstring fails.
docs: $(VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

clean:
	rm -rf $(VENV) demo build src/*.egg-info

$(BIN)/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "videospace needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet $(TORCH)

$(VENV)/.demo: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --editable '.[dev,semantic,log,lipreading,studio,generation]'
	touch $@
