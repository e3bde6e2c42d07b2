# Two commands for everybody: `make demo` and `make test`. Both keep their tools in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Where a machine is set to keep nothing compiled, every program of a test would compile again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test tests compiled check style types soak coverage fuzz bench load browser \
	browser-driver audit-deps site format hooks screens snapshots bundle install-check clean distributed \
	system-postgres

help:
	@echo "make demo    see the whole job (opens the desk when there is a terminal)"
	@echo "make test    every check that CI runs"
	@echo "make soak    the long tests    make bench, make load   the figures in bench/FIGURES.md"
	@echo "make coverage    the tests, and which lines they ran; half as long again as the tests"
	@echo "make distributed    a PostgreSQL server for each college and ESP's, which sees them all (Debian)"
	@echo "make site    the manual and the reference of the library as web pages in site/, links checked"
	@echo "make hooks   check the style and the types before each commit"
	@echo "make fuzz    what reads files and words, fuzzed by coverage (Linux)"
	@echo "make bundle  one folder that runs without Python, in dist/kitloan/"
	@echo "make install-check    the wheel by uv, pipx and pip, each into a new place"
	@echo "make browser the report in Chromium, on a desk, a phone and paper, with an accessibility check"
	@echo "make format  the code in the house style"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kitloan needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

setup: $(READY)

demo: $(READY)
	@$(BIN)/python examples/demo.py

check: style types

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

# The types as Windows and macOS have them, too: no machine of theirs runs the tests.
types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin

# In an environment of its own: what it needs is nothing of ours.
audit-deps: $(READY)
	@test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv --without-pip $(VENV)/audit && \
		$(BIN)/python -m pip --python $(VENV)/audit/bin/python install --no-compile --quiet \
		--disable-pip-version-check pip-audit==2.10.1; } || true
	@$(BIN)/python scripts/audit_deps.py $(VENV)/audit/bin/pip-audit constraints.txt

# What mostly waits runs next to the tests, and so do the types, which have no use for a second core.
# The tests begin when all is in their environment that they need there.
test: export KITLOAN_BROWSER = optional
test: style
	@$(MAKE) --no-print-directory --jobs=4 tests types audit-deps browser \
		BEFORE='browser-driver compiled'

# Three at a time on two cores: for a terminal, a lock, a server.
PYTEST := $(BIN)/python -m pytest -n 3 --dist worksteal

tests: $(READY) $(BEFORE)
	$(PYTEST) -m 'not soak'

# Where nothing is compiled yet, each of those three would compile every test: eight seconds each.
compiled: $(READY)
	@test -d tests/__pycache__ || $(BIN)/python -m pytest --collect-only -m 'not soak' > /dev/null || true

soak: $(READY)
	$(PYTEST) -m soak --durations=40

# A server for each college, and ESP's that sees them. `make test` does it too, where the system's
# PostgreSQL is installed; pip's has no postgres_fdw.
distributed: $(READY) system-postgres
	$(BIN)/python -m pytest tests/test_distributed.py

system-postgres:
	@ls /usr/share/postgresql/*/extension/postgres_fdw.control > /dev/null 2>&1 || { \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; }

# Apart from make test: until Python 3.12, whatever counts lines slows every one of them.
coverage: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 3 --dist worksteal -m 'not soak'
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# A minute for each reader; make fuzz READER=words SECONDS=600 for one.
SECONDS ?= 60
fuzz: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	$(BIN)/python tests/fuzz/guided.py $(READER) --seconds $(SECONDS)

# A quarter of an hour, with a store of 500,000 holdings; QUICK=--quick for four minutes.
bench: $(READY)
	$(BIN)/python bench/all.py $(QUICK)

# Half an hour: ten minutes each. MINUTES=1 for less.
MINUTES ?= 10
load: $(READY)
	$(BIN)/python bench/load.py --minutes $(MINUTES)

# KITLOAN_BROWSER=optional: where there is none and none can be installed, that is no failure.
browser-driver: $(READY)
	@test $(VENV)/.browser -nt $(READY) || { $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check -c constraints.txt -e '.[browser]' && \
		touch $(VENV)/.browser; } || { echo "What drives a browser could not be installed."; \
		test "$$KITLOAN_BROWSER" = optional; }

# The report of the tests, or another: make browser REPORT=audit.html
browser: browser-driver
	@test ! -e $(VENV)/.browser || $(BIN)/python scripts/browser/check.py $(REPORT)

# With --strict a link that leads nowhere, or a name that is not documented, is an error.
site: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[site]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open site/index.html, or with its search: $(BIN)/python -m http.server --directory site"

# One folder that runs where there is no Python; at its end the demonstration runs from it. What is
# in it comes from an environment of its own, so that nothing of the tests does.
BUNDLE := $(VENV)/bundle/bin/python
bundle: $(READY)
	@test -x $(BUNDLE) || $(PYTHON) -m venv --without-pip $(VENV)/bundle
	$(BIN)/python -m pip --python $(BUNDLE) install --quiet --disable-pip-version-check \
		--force-reinstall --no-deps .
	$(BIN)/python -m pip --python $(BUNDLE) install --quiet --disable-pip-version-check \
		-c constraints.txt '.[all,camera,bundle]'
	$(BUNDLE) scripts/bundle.py

# The wheel by uv, by pipx and by plain pip, each into a new place.
INSTALLERS := $(VENV)/installers
install-check: $(READY)
	@test -x $(INSTALLERS)/bin/python || $(PYTHON) -m venv --without-pip $(INSTALLERS)
	$(BIN)/python -m pip --python $(INSTALLERS)/bin/python install --quiet \
		--disable-pip-version-check uv==0.13.9 pipx==1.18.4
	$(BIN)/python scripts/install_check.py $(CURDIR)/$(INSTALLERS)/bin/uv $(CURDIR)/$(INSTALLERS)/bin/pipx

hooks: $(READY)
	$(BIN)/pre-commit install

screens: $(READY)
	$(BIN)/python scripts/screens.py

snapshots: $(READY)
	KITLOAN_REMAKE_SNAPSHOTS=1 $(BIN)/python -m pytest tests/tui/test_snapshots.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist site kitloan-demo bench/.stores
