# make demo and make test are the whole set-up: each makes .venv ready first. make check is what CI runs.

BIN := .venv/bin
# Seconds that the tests may take; past them pytest is interrupted, tidies up and reports.
TEST_SECONDS := 900
LONG_SECONDS := 3600
# A sixth of the tests' time is waiting, for processes and disks: one worker more than there are cores.
SPREAD := --numprocesses=$(shell expr $$(nproc) + 1)
PYTEST = timeout --foreground --signal=INT --kill-after=20

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo test test-long fuzz load test-az test-azcopy check format format-check lint types floors tidy coverage bench bench-quick bench-wan bench-scaling bench-pictures lock changelog clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.ready: pyproject.toml requirements.lock requirements-dev.lock tools/make-venv tools/install-debian-packages
	@tools/make-venv

venv: .venv/.ready ## make .venv ready to run everything

demo: .venv/.ready ## capture, copy, lose a region, restore; on your own images with DISKS="a.raw b.raw"
	@$(BIN)/farpoint dev demo $(if $(DISKS),$(DISKS))

test: .venv/.ready ## all tests but the long ones, some 6 minutes on 2 cores; ARGS="-k word" passes arguments to pytest
	@$(PYTEST) $(TEST_SECONDS) $(BIN)/python -m pytest $(SPREAD) $(ARGS)

fuzz: .venv/.ready ## send 3,000 generated requests to a region in process
	@$(PYTEST) $(LONG_SECONDS) $(BIN)/python -m pytest -m long tests/fuzz $(ARGS)

test-long: .venv/.ready ## all tests
	@tools/install-debian-packages long
	@$(PYTEST) $(LONG_SECONDS) $(BIN)/python -m pytest -m "long or not long" $(SPREAD) $(ARGS)

test-azcopy: .venv/.ready ## tests that run Microsoft's AzCopy, which is installed from npm first
	@tools/install-azcopy
	@PATH="$(CURDIR)/build/azcopy:$$PATH" $(BIN)/python -m pytest -m long -k azcopy tests/integration/blob tests/e2e/test_disk_bytes.py $(ARGS)

# az pins packages of its own, azure-mgmt-compute 34.1 among them: an environment beside ours.
.venv-az/.ready: requirements-az.lock
	@rm -rf .venv-az
	@$(BIN)/python -m venv .venv-az
	@.venv-az/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements-az.lock
	@touch $@

test-az: .venv/.ready .venv-az/.ready ## the real az and azure-mgmt-compute 34.1 against two regions (installs them first)
	@$(PYTEST) $(LONG_SECONDS) $(BIN)/python -m pytest -m az $(ARGS) tests/az

check: format-check lint types floors tidy test ## everything CI asks for

format: .venv/.ready ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

format-check: .venv/.ready
	@$(BIN)/ruff format --check .

lint: .venv/.ready
	@$(BIN)/ruff check .

types: .venv/.ready
	@$(BIN)/mypy

floors: .venv/.ready
	@$(BIN)/lint-imports --no-logo

tidy: .venv/.ready
	@$(BIN)/python -m pytest --quiet tests/test_tidy.py tests/test_docs.py

coverage: .venv/.ready ## tests with branch coverage; pages in build/coverage/html
	@rm -rf build/coverage
	@mkdir -p build/coverage
	@$(BIN)/python -m coverage run -m pytest $(ARGS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage html --quiet
	@$(BIN)/python -m coverage report

# matplotlib, beside the locked packages: a new .venv has lost it.
.venv/.bench-ready: .venv/.ready requirements-bench.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-bench.lock
	@touch $@

bench: .venv/.ready ## all that follows, beside zstd, restic and borg; GIB=8 ROUNDS=3
	@tools/install-debian-packages bench
	@$(BIN)/python -m bench.run $(or $(GIB),8) $(or $(ROUNDS),3)
	@$(MAKE) --no-print-directory bench-wan bench-scaling bench-pictures

bench-quick: .venv/.ready ## on this machine only, a disk of 1 GiB, once
	@tools/install-debian-packages bench
	@$(BIN)/python -m bench.run 1 1

bench-wan: .venv/.ready ## copies over an emulated WAN beside iperf3 (root); WAN_MIB=2048 STREAMS=8
	@tools/install-debian-packages bench
	@$(BIN)/python -m bench.wan.run $(or $(WAN_MIB),2048) $(or $(STREAMS),8)

bench-scaling: .venv/.ready ## count cost as disks and points grow; POINTS=100
	@$(BIN)/python -m bench.scaling.run $(or $(POINTS),100)

bench-pictures: .venv/.bench-ready ## draw the newest results into docs/pictures (installs matplotlib first)
	@$(BIN)/python -m bench.plots

load: .venv/.ready ## many clients at two regions; CLIENTS=50 SECONDS=60
	@$(PYTEST) $(LONG_SECONDS) $(BIN)/python -m bench.load $(or $(CLIENTS),50) $(or $(SECONDS),60)

# The runtime pins bind the development pins, so that the tests run on what users get.
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" pyproject.toml
lock: ## renew the pins that no longer fit pyproject.toml; UPGRADE=1 renews all
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory venv
	@$(LOCK) $(if $(UPGRADE),--upgrade) --extra build --output-file requirements.lock
	@$(LOCK) $(if $(UPGRADE),--upgrade) --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(LOCK:pyproject.toml=requirements-az.in) $(if $(UPGRADE),--upgrade) --output-file requirements-az.lock
	@$(LOCK:pyproject.toml=requirements-bench.in) $(if $(UPGRADE),--upgrade) --constraint requirements-dev.lock --output-file requirements-bench.lock
	@! grep -nE '[a-z]+://' requirements.lock requirements-dev.lock requirements-az.lock requirements-bench.lock || { echo "a lock names an address" >&2; exit 1; }

changelog: .venv/.ready ## show the changelog that the fragments make
	@$(BIN)/towncrier build --draft --version next

clean: ## remove what make made
	rm -rf .venv .venv-az build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .make-venv.lock
