# run: the whole product on this machine.  loop: one round of learning, measured.  test, check, bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8800
ENGINE_PORT ?= 8801

export DJANGO_SETTINGS_MODULE ?= config.settings.main
export PORT ENGINE_PORT
export AUSCULT_ENGINE_URL ?= http://127.0.0.1:$(ENGINE_PORT)
# Nothing is fetched from a hub unless asked: HF_HUB_OFFLINE=0 AUSCULT_BASE_MODEL=openai/whisper-large-v3-turbo make run
export HF_HUB_OFFLINE ?= 1
export HF_HUB_DISABLE_TELEMETRY := 1
export TOKENIZERS_PARALLELISM := false

.DEFAULT_GOAL := help
.PHONY: help setup run loop test check types bench clean

help:
	@grep -E '^#' Makefile | head -1; grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("Python 3.11 to 3.13 is needed, this is %d.%d" % v)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

CATALOGUE := locale/zh_Hant/LC_MESSAGES/django.mo
%.mo: %.po | $(VENV)/.installed
	$(BIN)/pybabel --quiet compile -i $< -o $@

setup: $(VENV)/.installed $(CATALOGUE) ## install everything into .venv

run: export AUSCULT_WORKER_METRICS_PORT ?= 8802
run: setup ## start web, worker and engine with the demo hospital
	$(BIN)/python manage.py demo
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start

loop: setup ## recording to better live model, end to end, measured
	$(BIN)/python -m benchmarks.loop

# What is timed at its servers has the machine to itself; the rest shares its cores, file by file.
test: export OMP_NUM_THREADS ?= 1
test: setup ## every test this machine can run
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile -m "not slow and not browser and not alone"
	$(BIN)/python -m pytest -n logical --maxprocesses 2 --dist loadfile -m "browser and not slow and not alone"
	$(BIN)/python -m pytest -n logical --maxprocesses 2 --dist loadfile -m "slow and not alone"
	$(BIN)/python -m pytest -m alone

check: setup ## format, lint, types, floors, migrations, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py makemigrations --check --dry-run
	$(MAKE) --jobs 2 types test

# At the lowest priority: they take the time in which a test waits for a browser or a process.
types: setup ## types, floors
	nice -n 19 $(BIN)/mypy
	nice -n 19 $(BIN)/lint-imports

bench: setup ## the figures, one JSON line each
	$(BIN)/python -m benchmarks --quick

clean: ## remove the data of this machine (asks)
	@printf 'Delete var/ with all recordings and models? [y/N] '; read answer; [ "$$answer" = y ] && rm -rf var || echo kept
