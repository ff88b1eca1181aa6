# make install | run | test | lint | lock. Everything happens inside the checkout; nothing needs root but the test browser.
# The interpreter on the path, unless it was built without optimisation and the system's own will do: that one is half as fast again.
PYTHON ?= $(shell if python3 -c 'import sys, sysconfig; sys.exit("--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""))' \
  && /usr/bin/python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo /usr/bin/python3; else echo python3; fi)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install install-test run test lint lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

install-test: install $(VENV)/.installed-test

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	tests/install-packages
	touch $@

run: install
	YUNTU_DEMO=1 $(BIN)/yuntu serve

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: install-test lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --extra test pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) build *.egg-info
