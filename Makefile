PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
REPORT ?= conformance-report
SEEDS ?= 20
SYSTEM_SEEDS ?= 5

# The proof starts some hundred processes: what Python has compiled once is kept for the next.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: certify test wheel lint proof proof-of-checks proof-on-systems bench lock system-packages clean

# The lock pins what is developed and tested with; the installed harness itself takes the ranges of pyproject.toml.
$(VENV)/.installed: pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

certify: $(VENV)/.installed
	$(BIN)/pytest --target-ae=EMBEDDED --host=embedded --listen-port=0 --certify --report-dir=$(REPORT) -q

test: $(VENV)/.installed system-packages
	$(BIN)/pytest tests -n 3 --dist loadfile

# What a user gets: the wheel alone, in an environment and a folder of its own.
wheel: $(VENV)/.installed
	rm -rf dist build/wheel
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	$(PYTHON) -m venv build/wheel/env
	build/wheel/env/bin/python -m pip install --quiet dist/*.whl
	mkdir build/wheel/empty
	cd build/wheel/empty && { ../env/bin/pytest --target-ae=EMBEDDED --host=embedded --listen-port=0 -q; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 6 ]; }

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The whole proof, each fault against every check and every system over many seeds: for the hand, the better part of an hour.
proof: proof-of-checks proof-on-systems
	$(BIN)/python tests/proof/artifact.py build/proof/*.xml --whole-matrix

proof-of-checks: $(VENV)/.installed system-packages
	-$(BIN)/pytest tests/proof --whole-matrix --seeds=$(SEEDS) -p no:randomly --junitxml=build/proof/checks.xml --deselect tests/proof/test_artifact.py

proof-on-systems: $(VENV)/.installed system-packages
	-$(BIN)/pytest tests/systems/test_verdicts.py tests/systems/test_clients.py --seeds=$(SYSTEM_SEEDS) -p no:randomly --junitxml=build/proof/systems.xml

bench: $(VENV)/.installed system-packages
	for benchmark in store receive generators report; do $(BIN)/python -m bench.$$benchmark || exit 1; done

system-packages:
	@.ci/system-packages

lock: $(VENV)/.installed
	$(BIN)/pip-compile --quiet --extra dev --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe --no-header \
	  --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) $(REPORT) build dist
