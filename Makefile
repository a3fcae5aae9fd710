# What one does with this tree. "make" shows the targets; each makes what it needs, once.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
CONFIG ?= config/edge.toml
QUICK  := -n 6 --dist loadfile --no-loadscope-reorder # most of them wait for something

export PIP_DISABLE_PIP_VERSION_CHECK = 1
unexport PYTHONDONTWRITEBYTECODE # or every process of a test compiles the packages anew
.DEFAULT_GOAL := help
.PHONY: help demo test check quick faults bench quality demo-svg hw vm clean mosquitto tools

help: ## shows this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/.demo ## a simulated node with a broker of its own; ARGS="--headless --seconds 15"
	@$(BIN)/edge demo $(ARGS)

test: check mosquitto ## lint, types and the quick tests
	@$(BIN)/pytest -m "not faults" $(QUICK) $(ARGS)

check: $(VENV)/.test ## lint, types, layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/pytest -q -q tests/test_layers.py

quick: $(VENV)/.test ## the quick tests only; ARGS="-k outbox"
	@$(BIN)/pytest -m "not faults" $(QUICK) $(ARGS)

faults: $(VENV)/.test tools ## kills, cuts and full disks, minutes; EDGE_ROUNDS=3 makes it short
	@$(BIN)/pytest -m faults tests/faults $(ARGS)

bench: $(VENV)/.test ## measures what the node costs, as ratios
	@for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script $(ARGS); done

quality: $(VENV)/.test ## what the default chains find in simulated days, and how often they cry wolf; ARGS="--seeds 3"
	@$(BIN)/python -m tests.quality $(ARGS)

demo-svg: $(VENV)/.demo ## draws the demo into docs/demo.svg
	@$(BIN)/python scripts/demo_svg.py $(ARGS)

hw: $(VENV)/.test ## checks the sensors of a configuration; CONFIG=FILE ARGS="--sensor pm"
	@$(BIN)/pytest hw_tests --config $(CONFIG) $(ARGS)

vm: $(VENV)/.test ## drivers, PPS and the service in a virtual node; needs qemu and root, says what is missing
	@$(BIN)/python -m hw_tests.vm.needs
	@$(BIN)/pytest hw_tests/vm --vm $(ARGS)

clean: ## removes what make made, the virtual environment too
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.demo $(VENV)/.test: $(VENV)/.%: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing edge-gateway[$*] into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet -e '.[$*]'
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: sudo apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "Give another one: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >$(VENV).log 2>&1 || { \
	  if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then cat $(VENV).log >&2; \
	  else echo "Python cannot make a virtual environment: sudo apt install python3-venv" >&2; fi; \
	  rm -rf $(VENV) $(VENV).log; exit 1; }
	@rm -f $(VENV).log

# Some tests need a broker, others tools to break things with; where they cannot be installed the tests skip and say so.
mosquitto: PACKAGES = mosquitto
tools: PACKAGES = mosquitto strace fuse3 e2fsprogs
mosquitto tools:
	@PATH="$$PATH:/usr/sbin:/sbin"; missing=; for package in $(PACKAGES); do \
	  case $$package in fuse3) tool=fusermount3 ;; e2fsprogs) tool=mkfs.ext4 ;; *) tool=$$package ;; esac; \
	  command -v $$tool >/dev/null || missing="$$missing $$package"; done; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo="sudo -n"; \
	else echo "note: some tests skip without:$$missing (sudo apt install$$missing)" >&2; exit 0; fi; \
	command -v apt-get >/dev/null || { echo "note: no apt-get here; some tests skip without:$$missing" >&2; exit 0; }; \
	echo "installing$$missing ..." >&2; \
	apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60"; \
	{ $$apt update && $$apt install -y --no-install-recommends $$missing; } </dev/null >/dev/null 2>&1 \
	  || echo "note:$$missing could not be installed, the tests that need them skip" >&2
