# `make` alone lists the commands. Everything is installed into .venv; nothing else is asked of the machine
# than Python 3.11 with venv, git and make.

PYTHON ?= python3
# Given on the command line of make; what is not given, podium.toml or PODIUM_… in the environment decide.
OPTIONS = $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) $(if $(DATA),--data $(DATA))
UV := .venv/bin/uv
RUN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup serve demo bench bench-postgres bench-wandb bench-growth bench-pages test test-fast trainers fuzz check format lock

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv

# The server needs only the runtime dependencies; the stamps keep a second `make` from resolving again.
.venv/.runtime: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --inexact --no-dev
	@touch $@

.venv/.dev: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --inexact
	@touch $@ .venv/.runtime

setup: .venv/.runtime  ## Install into .venv; afterwards .venv/bin/podium exists

serve: .venv/.runtime  ## Run the server on http://127.0.0.1:5000, data in ./data (HOST=, PORT=, DATA=)
	@$(RUN)/podium server $(OPTIONS)

demo: .venv/.dev  ## Run a server with real sample models, data in ./data/demo (PORT=, DATA=)
	@$(RUN)/python scripts/demo.py $(OPTIONS)

# What `make bench` is given; FML= names FastTrackML's program when it is not on the PATH.
RACE = $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(PEERS),--peers $(PEERS)) \
	$(if $(RUNS),--runs $(RUNS)) $(if $(VERSIONS),--versions $(VERSIONS)) $(if $(BLOB_MIB),--blob-mib $(BLOB_MIB))
export FML

bench: .venv/.dev  ## Race Podium against the peers that are installed (ONLY=, ROUNDS=, PEERS=, DATABASE=)
	$(RUN)/python -m bench $(RACE) $(if $(DATABASE),--database $(DATABASE))

bench-wandb: .venv/.dev  ## The workloads of W&B's client (ROUNDS=, DATABASE=postgres)
	$(RUN)/python -m bench --wandb $(RACE) $(if $(DATABASE),--database $(DATABASE))

bench-postgres: .venv/.dev  ## The same race with all servers on one PostgreSQL
	$(RUN)/python -m bench $(RACE) --database postgres

bench-growth: .venv/.dev  ## How answers slow down as the data grows
	$(RUN)/python -m bench --growth

bench-pages: .venv/.dev .venv/.system  ## How soon pages are there, in a browser
	$(RUN)/python -m bench --pages

# What tests need of the system comes from Debian, where it is not there already: the browser that they drive through the
# pages, and OpenMP, which LightGBM's wheel wants.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
.venv/.system: $(UV)
	@{ command -v chromium && PATH="$$PATH:/sbin" ldconfig -p | grep libgomp.so.1; } >/dev/null || { $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends chromium libgomp1 >/dev/null; }
	@touch $@

test: .venv/.dev .venv/.system check  ## Lint, type-check and run every test
	$(RUN)/pytest

test-fast: .venv/.dev  ## Run the tests that start no client and no PostgreSQL
	$(RUN)/pytest tests/unit tests/properties tests/blobs

trainers: .venv/.runtime  ## Have deep-learning trainers log to a server, in a venv of their own (VENV=, PORT=)
	$(RUN)/python scripts/trainers $(if $(VENV),--venv $(VENV)) $(if $(PORT),--port $(PORT))

fuzz: .venv/.dev  ## Send every endpoint many made-up requests, new ones each time (EXAMPLES=)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),100) HYPOTHESIS_PROFILE=explore $(RUN)/pytest tests/fuzz --timeout 3600

check: .venv/.dev  ## Lint and type-check
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

format: .venv/.dev  ## Format the code and apply safe lint fixes
	$(RUN)/ruff check --fix-only .
	$(RUN)/ruff format .

lock: $(UV)  ## Refresh uv.lock after a change of pyproject.toml
	$(UV) lock
