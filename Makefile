# Placet. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup kafka up demo test check bench soak dev

PYTHON ?= python3.11
UV_VERSION := 0.13.9
BIN := .venv/bin
LOCKED := $(shell cat uv.lock pyproject.toml Makefile 2>/dev/null | sha256sum | cut -c1-16)
READY := .venv/.ready-$(LOCKED)
READY_DEV := .venv/.ready-dev-$(LOCKED)
KAFKA_POM := platform/placet/runtime/kafka/pom.xml
READY_KAFKA := .venv/kafka/.ready-$(shell cat $(KAFKA_POM) 2>/dev/null | sha256sum | cut -c1-16)
OWN_BROKER := $(if $(filter kafka,$(PLACET_TRANSPORT)),$(if $(PLACET_KAFKA_BOOTSTRAP_SERVERS),,$(READY_KAFKA)))
TESTS := $(BIN)/python -m pytest -m "not gpu and not soak" -n 3 --dist loadfile --no-loadscope-reorder
EXTRAS := --extra models --extra faces

# uv does not read pip's settings: these pass pip's environment variables to uv.
comma := ,
space := $(subst ,, )
ifneq ($(PIP_FIND_LINKS),)
export UV_FIND_LINKS ?= $(subst $(space),$(comma),$(strip $(PIP_FIND_LINKS)))
endif
ifneq ($(PIP_CERT),)
export SSL_CERT_FILE ?= $(PIP_CERT)
endif
export UV_HTTP_TIMEOUT ?= 180
export UV_NO_PROGRESS ?= 1

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(OWN_BROKER)  ## install everything that Placet needs, in .venv and var (quick when it is up to date)

kafka: $(READY_KAFKA)  ## install Apache Kafka for this checkout; then: PLACET_TRANSPORT=kafka make demo

up: setup  ## start the app with seed data and print sign-in links; Ctrl-C stops it
	@exec $(BIN)/placet up

demo: setup  ## run a guided demo of the whole flow, then stop
	@exec $(BIN)/placet demo

test: dev  ## run all tests except the hours-long ones and those that need a GPU
	$(TESTS) $(ARGS)

check: dev  ## run exactly what CI runs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/placet check --fail-level WARNING
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	$(TESTS) $(ARGS)

bench: setup  ## measure throughput and latency against references
	@exec $(BIN)/placet bench all

soak: dev  ## run the hours-long tests
	$(BIN)/python -m pytest -m soak --soak-page docs/soak.md $(ARGS)

dev: $(READY_DEV) $(READY_KAFKA)
	@scripts/test-packages

$(READY):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing. To fix it: apt-get install python3.11 python3.11-venv"; exit 1; }
	@echo "Setting up in .venv. The first time takes minutes: the model libraries are large."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = $(UV_VERSION) || $(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode $(EXTRAS) --no-dev
	@$(BIN)/python -m placet.operations.install
	@rm -f .venv/.ready-*; touch $@
	@echo "Ready. Next: make demo, or make up."

$(READY_DEV): $(READY)
	@$(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode $(EXTRAS) --group dev
	@touch $@

$(READY_KAFKA): $(READY)
	@scripts/kafka-packages
	@rm -rf .venv/kafka; mkdir -p .venv/kafka
	@echo "Downloading Apache Kafka from Maven's registry."
	@mvn -q -B -f $(KAFKA_POM) dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.venv/kafka/lib -DincludeScope=runtime
	@touch $@
