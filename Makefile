# make app · make test · make quick · make lint · make check · make wheel · make bench · make bench-peers; each makes its own
# virtual environment first.
PYTHON ?= python3
PORT ?= 8501
JOBS ?= 2
# What starts browsers, servers, trainings or processes that are killed, what walks the app at random, other libraries'
# models, measures of whole files, every chapter with every model: none of it is needed between two edits.
SLOW := tests/browser tests/journeys tests/train tests/inspect tests/commands tests/adapters tests/exposure tests/model/huggingface tests/web/lesson/test_shipped.py
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: app test quick lint check wheel bench bench-peers clean

app: $(READY)
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

quick: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(addprefix --ignore=,$(SLOW))

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

wheel: $(READY)
	$(BIN)/python -m tests.wheel

bench: $(READY)
	$(BIN)/python -m benchmarks

bench-peers: $(READY)
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m pytest tests/adapters/test_peers.py

$(READY): requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make app PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

clean:
	rm -rf $(VENV) build dist lookback.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
