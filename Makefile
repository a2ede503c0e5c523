# Needs make and Python 3.11 to 3.13 with venv; everything else goes into .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo app test lint types docs site bench soak bundle install lock clean FORCE

# Both are written last, so that an interrupted installation is done again. The first holds this
# folder's path: a moved checkout or a Python that has gone is noticed and installed anew.
# Paths are relative because make splits them at spaces.
packages := .venv/packages
project := .venv/project
ifneq ($(shell .venv/bin/python -c "" 2>/dev/null && cat $(packages) 2>/dev/null),$(CURDIR))
$(packages): FORCE
endif

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1 \2/p' Makefile | awk '{printf "  %s %-8s", $$1, $$2; $$1=$$2=""; print}'

demo: $(project) ## invent an operator, analyse it and show the map (NO_APP=1: stop before the map)
	@.venv/bin/hexperience demo --cells 240

app: $(project) ## show the map of what demo published
	@.venv/bin/hexperience app --config demo/hexperience.toml

# in the order of folders: ordered by their number of tests, the longest files would come last
test: $(project) ## run every test (ARGS="-k hexgrid" for some)
	@.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile \
		--no-loadscope-reorder $(ARGS)

lint: $(project) ## check style and the rules of the house
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .

types: $(project) ## check types
	@.venv/bin/python -m mypy

docs: $(project) ## write the pages that are made from the code
	@.venv/bin/python -m tools.docs

# the theme's makers speak of their next project at every build
site: $(project) ## build the documentation site into site/html; no broken link, no outside host
	@.venv/bin/python -m tools.website site
	@NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict --config-file site/mkdocs.yml
	@.venv/bin/python -m tools.website --asks site/html

bench: $(project) ## compare two ways side by side (NAME=spread)
	@.venv/bin/python -m benchmarks.$(or $(NAME),spread)

soak: $(project) ## spoil 20,000 files (N=20000), kill 50 runs (KILLS=50) and one at every step; `test` does fewer
	@.venv/bin/python -m tests.ingest.fuzz $(or $(N),20000)
	@HEXPERIENCE_SOAK_KILLS=$(or $(KILLS),50) .venv/bin/python -m pytest -q tests/ingest/test_kill.py

bundle: ## build views/hexmap/bundle from its source (needs Node.js and npm)
	@cd views/hexmap/frontend && npm ci --silent && npm run --silent build && npm test --silent

install: $(project) ## make .venv and nothing else (PYTHON=python3.12 picks which; make clean before a change)

$(packages): requirements.lock
	@PYTHON="$(PYTHON)" tools/install
	@pwd -P > $@

$(project): $(packages) pyproject.toml
	@.venv/bin/python -m pip -qq --disable-pip-version-check --no-input install \
		--no-deps --no-build-isolation --editable .
	@touch $@

lock: ## resolve requirements.lock anew (needs uv)
	@uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-emit-index-url --no-header --group dev \
		--output-file requirements.lock pyproject.toml

clean: ## remove .venv, caches and the demo
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build hexperience.egg-info demo site
