# Hatobin: `make run` starts the product, `make test` runs the whole suite. No other step.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tools that only read the code get a throw-away folder and key, so that they leave no trace.
TOOLS_ENV := HATOBIN_DATA_DIR=$(CURDIR)/.cache/tools HATOBIN_SECRET_KEY=only-for-tools-that-read-the-code-0123456789-abcdefghij \
	HATOBIN_MASTER_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= HATOBIN_BASE_URL=https://hatobin.example

.PHONY: setup run test faults lint types contracts translations checks format screenshots bench clean

setup: $(VENV)/.installed
	@$(BIN)/python tools/build_assets.py
	@$(BIN)/python tools/messages.py compile

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Hatobin needs Python 3.11 or newer; set PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Hatobin into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

run: setup
	@exec $(BIN)/hatobin serve --demo

# Side by side on as many workers as there are cores, four at most; then what must have the machine for itself.
WORKERS ?= 0
test: setup
	@$(BIN)/python tools/run_tests.py --workers $(WORKERS)

# The long form of the proof: kill -9 at random over a large campaign, about ten minutes. FAULTS_SEED repeats one.
faults: setup
	@$(BIN)/python -m pytest -s tests/acceptance/faults tests/acceptance/faults/long_form.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(TOOLS_ENV) $(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

translations: setup
	$(BIN)/python tools/messages.py check

checks: setup
	$(TOOLS_ENV) $(BIN)/python tools/django_checks.py

format: setup
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

screenshots: setup
	$(BIN)/python tools/screenshots.py

ROUNDS ?= 5
RECIPIENTS ?= 50000
bench: setup
	$(BIN)/python benchmarks/send.py --rounds $(ROUNDS) --recipients $(RECIPIENTS)

clean:
	rm -rf $(VENV) .cache dist build frontend/node_modules src/hatobin/console/static/vendor
