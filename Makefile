# Two commands are enough: `make run` opens the desk, `make test` proves it. `make help` names all.

# The first Python that is new enough; `make PYTHON=… run` names another.
CANDIDATES = $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14)
RECENT = import sys; sys.exit(sys.version_info < (3, 11))
FOUND := $(shell for python in $(CANDIDATES); do \
	$$python -c '$(RECENT)' 2>/dev/null && echo $$python && break; done)
NONE = echo "The desk needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1

BIN := .venv/bin
INSTALL = @$(if $(FOUND),$(FOUND) -I factcheck/install.py .venv,$(NONE);)
# A command beside throw-away servers.
BESIDE_SERVERS = $(BIN)/python -m factcheck.embedded

.PHONY: help run test check install install-dev bench screenshots lock clean

help:  ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20

# The web is plain http for this machine alone; behind a proxy with TLS say FACTCHECK_HTTPS=1.
run: export FACTCHECK_HTTPS ?= 0
run: install  ## Open the desk: servers, demo, web, worker, beat (PORT=8000, FACTCHECK_DATA=.data)
	@$(BIN)/python manage.py up

# Files in turn to as many processes as there are cores, each with servers of its own; in their own
# order, which has the slow ones first. ARGS="tests/reviews -k lease" runs some of them in one process.
test: ARGS ?= -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
test: install-dev  ## Run every test (ARGS=…)
	@$(BIN)/python -m pytest $(ARGS)

check: install-dev  ## Lint, types, import contracts, templates, migrations, deployment settings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BESIDE_SERVERS) $(BIN)/python manage.py makemigrations --check --dry-run
	FACTCHECK_PUBLIC_URL=https://desk.example \
		$(BESIDE_SERVERS) $(BIN)/python manage.py check --deploy --fail-level WARNING

install:  ## Make the environment to run in
	$(INSTALL) requirements.lock

install-dev:  ## Make the environment to work in
	$(INSTALL) requirements-dev.lock

bench: install-dev  ## Measure (DATA=../shared/data)
	@$(BIN)/python -m tests.benchmarks $(or $(DATA),../shared/data)

screenshots: install-dev  ## Photograph the pages in light and dark
	@$(BIN)/python -m tests.screenshots

lock:  ## Write the lock files again from requirements*.in (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --upgrade requirements.in -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --upgrade requirements-dev.in -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --upgrade --constraints requirements.lock \
		requirements-semantic.in -o requirements-semantic.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --upgrade --constraints requirements.lock \
		requirements-s3.in -o requirements-s3.lock

clean:  ## Remove the environment and caches; the data folder stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
