# One verb a target. On a fresh machine with Python 3.11+ and make: `make demo`, `make test`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Everything runs with the checkout's own Python and Node first.
PATH_BEFORE := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

COMPILE := .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --upgrade

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: .venv/complete ## Make .venv with all packages, and the pinned CDK CLI in node_modules

.venv/complete: requirements-dev.txt package-lock.json
	@python=$$(export PATH="$(PATH_BEFORE)"; for name in python3 python3.14 python3.13 python3.12 python3.11; do \
		"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$name" && break; done); \
	test -n "$$python" || { echo "Thingwatch needs Python 3.11 or newer; none is on the PATH." >&2; exit 1; }; \
	echo "Setting up, once: 1/3 a virtual environment in .venv ($$("$$python" --version))"; \
	rm -rf .venv node_modules && "$$python" -m venv .venv
	@echo "Setting up, once: 2/3 Python packages and Node.js (about a minute)"
	@.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@echo "Setting up, once: 3/3 the AWS CDK CLI"
	@.venv/bin/npm ci --loglevel=error
	@touch $@

demo: setup ## Deploy to an embedded AWS and watch an intruder raise alerts
	@.venv/bin/python -m local.demo

check: setup ## Run lint, types, import contracts and the fast tests: after every change
	@$(MAKE) --jobs=2 --keep-going types lint contracts fast

test: setup lint types contracts ## Run every check and every test: before a push
	.venv/bin/python -m pytest

test-long: setup lint types contracts ## The same with the full sizes, of which `test` runs a tenth: before a release
	.venv/bin/python -m pytest --long

# The parts of the three above.
lint: setup
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --check --quiet .

types: setup
	.venv/bin/mypy --no-error-summary

contracts: setup
	.venv/bin/lint-imports --no-logo

# The tests that start no AWS and synthesize no stack.
fast: setup
	.venv/bin/python -m pytest --no-header tests/unit tests/docs

bench: setup ## Measure, as ratios to a floor of the same run, into build/bench.json
	@.venv/bin/python -m bench

docs: setup ## Write what is generated: operations.md, tables of tuning.md and thresholds.md, pictures, the schema
	@.venv/bin/python -m rulebook.operations_page
	@.venv/bin/python -m rulebook.facts_table
	@.venv/bin/python -m rulebook.windowed_rules_page
	@.venv/bin/python -m rulebook.timeline
	@.venv/bin/python -m rulebook.rollup_timeline
	@.venv/bin/python -m rulebook.config.schema
	@.venv/bin/python -c "from local.gallery import write_page; write_page()"

gallery: setup ## Take the pictures of docs/gallery.md and of the dashboard, with the Chromium of this machine
	@.venv/bin/python -m local.gallery
	@.venv/bin/python -m local.dashboard

models: setup ## Take AWS's newest service models for the catalog's checks
	@.venv/bin/python -m tests.service_models.refresh

lock: setup ## Pin the newest releases older than the cooldown, with their hashes
	$(COMPILE) --group dev pyproject.toml -o requirements-dev.txt
	$(COMPILE) -c requirements-dev.txt pyproject.toml -o requirements.txt
	$(COMPILE) -c requirements-dev.txt handlers/requirements.in -o handlers/requirements.txt
	.venv/bin/npm install --package-lock-only --silent

clean: ## Remove all that was set up or built
	rm -rf .venv node_modules build cdk.out

.PHONY: help setup demo check test test-long lint types contracts fast bench docs gallery models lock clean
