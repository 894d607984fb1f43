# Two commands from a fresh clone to results: `make run` and `make test`. Needs Python >= 3.11 and a shell.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
# what builds source packages is locked too
BUILT := --build-constraints envs/requirements.lock
SITE := .venv-docs
CONFIG ?= config.yaml
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup run rehearsal flow test slurm-plugin docs lint format lock clean
.DELETE_ON_ERROR:

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: $(VENV)/.ready ## install the locked environment into .venv

run: setup ## run the benchmark of config.yaml (as shipped: synthetic data) into results/
	snakemake

rehearsal: setup ## rehearse a configuration, all its jobs on generated stand-ins: make rehearsal CONFIG=paper.yaml
	snakemake --configfile $(CONFIG) --config rehearsal=true

flow: setup ## run the benchmark on the published flow pictures: make flow MEGC2019_FLOW=/path
	snakemake --configfile config.megc2019-flow.yaml

test: setup $(if $(shell command -v sbatch),slurm-plugin) ## run all tests
	pytest -n 2

slurm-plugin: $(VENV)/slurm-plugin ## install Snakemake's plugins for Slurm and other schedulers into .venv/slurm-plugin

# not among the other packages: there, each start of snakemake would ask Slurm first, for 10 s where nobody answers
$(VENV)/slurm-plugin: | $(VENV)/.ready
	-$(UV) pip install --quiet --no-deps --python $(BIN)/python --target $@ snakemake-executor-plugin-slurm==2.8.0 \
	  snakemake-executor-plugin-slurm-jobstep==0.6.1 snakemake-executor-plugin-cluster-generic==1.0.9

# an environment of its own: docstrings are read, not imported, so that a site needs no torch
docs: $(SITE)/.ready ## build the documentation into site/; open site/index.html
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --quiet

lint: setup ## check formats and types, and run the linters
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint
	python docs/links.py

format: setup ## format everything
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

lock: $(UV) ## resolve pyproject.toml anew into envs/requirements.lock and envs/docs.lock
	$(UV) pip compile pyproject.toml --extra dev --constraint envs/pins.txt --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --output-file envs/requirements.lock
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")' | \
	  $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --output-file envs/docs.lock

clean: ## remove the environments and the site (results stay)
	rm -rf $(VENV) $(SITE) .uv site

# --compile-bytecode: hundreds of jobs start Python anew, and where PYTHONDONTWRITEBYTECODE is set none would keep it
$(VENV)/.ready: envs/requirements.lock pyproject.toml | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mebench needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 2; }
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --compile-bytecode --require-hashes $(BUILT) --python $(BIN)/python envs/requirements.lock
	$(UV) pip install --quiet --no-deps $(BUILT) --python $(BIN)/python --editable .
	$(BIN)/python -m compileall -q workflow
	touch $@

$(SITE)/.ready: envs/docs.lock | $(UV)
	test -x $(SITE)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(SITE)
	$(UV) pip sync --quiet --require-hashes --python $(SITE)/bin/python envs/docs.lock
	touch $@

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet uv
