# make app [PORT=8600] [ADDRESS=0.0.0.0] · make site [PORT=8600] · make test · make quick · make lint · make check · make wheel · make lock ·
# make bench · make bench-peers; each makes its own virtual environment first.
PYTHON ?= python3
PORT ?= 8501
JOBS ?= 2
# What starts browsers, servers, trainings or processes that are killed, what walks the app at random, other libraries'
# models, measures of whole files, every chapter with every model: none of it is needed between two edits.
SLOW := tests/browser tests/site tests/deploy tests/journeys tests/train tests/inspect tests/commands tests/adapters tests/exposure tests/model/huggingface tests/web/lesson/test_shipped.py tests/doctor/test_ward.py tests/doctor/test_links.py
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
QUIET := --quiet --disable-pip-version-check
LOCK := build/lock
COMPILE := $(LOCK)/tools/bin/uv pip compile --python-version 3.11 --universal --fork-strategy fewest --generate-hashes \
	--constraints requirements.txt --custom-compile-command 'make lock' --quiet $(UPGRADE)

.PHONY: app site test quick lint check wheel lock bench bench-peers clean

app: $(READY)
	$(BIN)/python -m s2s serve $(if $(ADDRESS),--address $(ADDRESS)) --port $(PORT)

# The static site, built into build/site and served by Python's own server, to be looked at on this computer.
site: $(READY)
	$(BIN)/python -m s2s site --out build/site
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site $(PORT)

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

# What a deployment installs, from pyproject.toml in the versions of requirements.txt: versions and hashes, the list for
# machines, the licences. On Linux; new versions of what these need come with `make lock UPGRADE=--upgrade`.
lock: $(READY)
	rm -rf $(LOCK)
	$(BIN)/python -m venv $(LOCK)/tools
	$(LOCK)/tools/bin/python -m pip install $(QUIET) uv==0.13.9 cyclonedx-bom==7.5.0
	$(COMPILE) --output-file deploy/requirements.lock --extra postgres --excludes deploy/cuda.txt \
		--no-emit-package torch pyproject.toml
	echo setuptools | $(COMPILE) --output-file deploy/build.lock -
	$(BIN)/python -m venv --without-pip $(LOCK)/locked
	$(BIN)/python -m pip --python $(LOCK)/locked install $(QUIET) --require-hashes --no-deps \
		--extra-index-url https://download.pytorch.org/whl/cpu -r deploy/torch.lock -r deploy/build.lock
	$(BIN)/python -m pip --python $(LOCK)/locked install $(QUIET) --require-hashes --no-build-isolation \
		-r deploy/requirements.lock
	$(LOCK)/tools/bin/cyclonedx-py environment $(LOCK)/locked --pyproject pyproject.toml --short-PURLs \
		--output-reproducible --output-file deploy/sbom.cdx.json
	$(LOCK)/locked/bin/python deploy/licences.py

bench: $(READY)
	$(BIN)/python -m benchmarks

bench-peers: $(READY)
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.environments inseq
	$(BIN)/python -m pytest tests/adapters/test_peers.py tests/model/huggingface/test_inseq.py

$(READY): requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make app PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(QUIET) torch==2.13.0
	$(BIN)/python -m pip install $(QUIET) -r requirements.txt
	touch $@

clean:
	rm -rf $(VENV) build dist lookback.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
