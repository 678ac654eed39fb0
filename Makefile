# Placet. `make` alone tells what there is.
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

# uv does not read pip's settings: what the environment tells pip is told to uv as well.
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

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(OWN_BROKER)  ## everything that running needs, in .venv and var (again: nothing to do)

kafka: $(READY_KAFKA)  ## a real Apache Kafka for this install; then: PLACET_TRANSPORT=kafka make demo

up: setup  ## the app with a seeded world and sign-in links; Ctrl-C ends it
	@exec $(BIN)/placet up

demo: setup  ## the main job from start to end, told as it goes; ends by itself
	@exec $(BIN)/placet demo

test: dev  ## every test but the hours-long ones and those that need a GPU
	$(TESTS) $(ARGS)

check: dev  ## exactly what CI runs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/placet check --fail-level WARNING
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	$(TESTS) $(ARGS)

bench: setup  ## our figures beside their references
	@exec $(BIN)/placet bench all

soak: dev  ## the hours-long half of the tests
	$(BIN)/python -m pytest -m soak --soak-page docs/soak.md $(ARGS)

dev: $(READY_DEV) $(READY_KAFKA)
	@scripts/test-packages

$(READY):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing. To mend it: apt-get install python3.11 python3.11-venv"; exit 1; }
	@echo "Setting up in .venv: the first time takes minutes, for the models' libraries are large."
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
	@echo "Fetching Apache Kafka from Maven's registry."
	@mvn -q -B -f $(KAFKA_POM) dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.venv/kafka/lib -DincludeScope=runtime
	@touch $@
