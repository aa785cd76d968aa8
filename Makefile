# What one can do here. `make` alone lists it.
PYTHON ?= python3
export CRM_ENV ?= local
# Without kept bytecode every process would compile all packages anew: two seconds each.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run stop test bench chaos lint format setup setup-dev lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: setup ## set up what is missing, start everything, print the address (PORT=8000)
	@exec .venv/bin/python -m crm.local.run

stop: ## stop what `make run` or a killed command left running
	@.venv/bin/python -m crm.local.run stop

setup: ## only install: packages, front end, translations
	@$(PYTHON) crm/local/bootstrap.py

setup-dev:
	@$(PYTHON) crm/local/bootstrap.py --dev

# Quick tools first. The tests have servers of their own (.local/test), so a CRM that runs beside them is left alone.
test: export CRM_SERVERS = test
test: setup-dev lint ## all that is checked (ARGS="tests/inbox -k form" for some of the tests)
	@.venv/bin/python manage.py check
	@.venv/bin/python manage.py makemigrations --check --dry-run
	@.venv/bin/python -m pytest -n 2 $(ARGS)

bench: setup-dev ## what it costs, held against targets; also as .local/bench.json (ARGS=pdf for some of the rows)
	@.venv/bin/python -m tests.bench $(ARGS)

chaos: setup-dev ## 2,000 mails while everything is killed (ARGS="--mails 500 --faults 12")
	@.venv/bin/python -m tests.chaos $(ARGS)

lint: setup ## format and style, of Python and templates
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/djlint --quiet --lint templates

format: setup ## put the code into its form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

# In a file with hashes, and without any registry's host.
COMPILE = .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet $(ARGS) pyproject.toml
lock: setup ## requirements/*.txt from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(COMPILE) -o requirements/production.txt
	@$(COMPILE) --group local --group dev -c requirements/production.txt -o requirements/local.txt
