# The two commands a newcomer needs are `make up` and `make test`; each does all its own set-up.
# `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ONEROOF := .venv/bin/oneroof

.PHONY: help up down status test test-all unit lint bench bench-departments bench-exporter bench-backups lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: .venv/.complete ## build the cloud in the lab and run the main job end to end
	@$(ONEROOF) up

down: .venv/.complete ## remove the lab with all its data
	@$(ONEROOF) lab reset --yes

status: .venv/.complete ## what runs, who answers, what was backed up
	@$(ONEROOF) status

test: lint ## all tests: unit, repository and system (the lab is brought up for them)
	@.venv/bin/pytest -m "not slow"

test-all: lint ## the same, and the long suites: power loss, kill -9, a second lab, every failure of a backup
	@.venv/bin/pytest

unit: .venv/.complete ## only the quick tests that need no lab
	@.venv/bin/pytest -q -m "not system and not slow"

lint: .venv/.complete ## ruff, mypy, ansible-lint, promtool where it is installed
	@.venv/bin/ruff check -q . && .venv/bin/ruff format -q --check .
	@.venv/bin/mypy --no-error-summary
	@cd playbooks && ANSIBLE_CONFIG=ansible.cfg PATH="$(CURDIR)/.venv/bin:$$PATH" ansible-lint -q --offline
	@if command -v promtool >/dev/null; then promtool check rules monitoring/rules/*.yaml >/dev/null; fi

bench: .venv/.complete ## seconds per step cold and warm, memory of the cloud, the departments' benchmark: on this machine, now
	@.venv/bin/python tests/bench/bench.py

bench-departments: .venv/.complete ## ten departments by oneroof, Terraform and raw calls: time, calls, memory, in the cloud that stands
	@.venv/bin/python tests/bench/departments.py

bench-exporter: .venv/.complete ## calls, seconds and memory of measuring with few, 200 and 1,000 projects, beside openstack-exporter
	@.venv/bin/python tests/bench/exporters.py

bench-backups: .venv/.complete ## a 10 GiB volume by oneroof, raw restic and resticprofile: first, nothing changed, 1 % changed, restore
	@.venv/bin/python tests/bench/backups.py

lock: ## renew requirements.lock and playbooks/constraints/*.txt
	@infra/bootstrap.sh --lock

.venv/.complete: requirements.lock pyproject.toml infra/bootstrap.sh
	@infra/bootstrap.sh
