# The project's commands. Each installs first what is missing of the toolchain; a machine with Python 3.11 is enough.
#
#   make up [REPLAY=year]          the local platform from nothing to its report (default: one month of orders)
#   make query SQL="select ..."    ask the running platform's warehouse
#   make down                      destroy the local stack, stop its services, remove their state
#   make test                      all checks and tests, as CI runs them: quick unit tests first, then WORKERS=2 at a time
#   make test PYTEST="-m ..."      the checks, and the tests that pytest chooses by these words
#   make check                     format, lint, types, import rules, YAML
#   make preview [STACK=prod]      what a stack would create, on the real engine, without an account
#   make links [STACK=prod]        the links' tunnels between real daemons, from the graph; as root, build/links.json
#   make bench                     how long a preview of prod takes, against what its imports take; build/bench.json
#   make docs                      the pages of docs/generated
#   make doctor                    what is there and what is missing; installs nothing
#   make package                   the function's layer and the sink's plugin
#   make plan STACK=prod ROLE=admin     on the real clouds: what an update would do, with the policy pack; build/plan/
#   make deploy STACK=prod ROLE=admin   brings a stack up there
#   make drift STACK=prod ROLE=admin    what is not as it was deployed; changes nothing
#   make comment STACKS="..."      the last plans as a reviewer reads them; build/plan/comment.md
#   make lock                      requirements.txt from requirements.in, also the policy pack's

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
LOCAL = .venv/bin/python -m local
# tests/schedule.py says which tests stay together in one worker, and which begin
WORKERS ?= 2
TESTS = .venv/bin/python -m pytest -n $(WORKERS) --no-loadscope-reorder

# Dozens of Python processes import the same packages: let the first one leave its compiled code.
unexport PYTHONDONTWRITEBYTECODE
# Values that may hold quotes go through the environment.
export REPLAY STACK SQL ROLE KIND STACKS BASE PULL_REQUEST

.DEFAULT_GOAL := help
.PHONY: help up query down test check check-types check-format check-lint check-imports check-yaml preview links \
	bench docs doctor package lock toolchain plan deploy drift comment tell target login

help:
	@sed -n 's/^#   //p' Makefile

toolchain:
	@$(PYTHON) -m local.bootstrap

up: toolchain
	@$(LOCAL) up $(if $(REPLAY),--replay "$$REPLAY")

query: toolchain
	@test -n "$$SQL" || { echo 'say what to ask: make query SQL="select ..."'; exit 2; }
	@$(LOCAL) query "$$SQL"

down: toolchain
	@$(LOCAL) down

preview: toolchain
	@$(LOCAL) preview $(if $(STACK),--stack "$$STACK")

links: toolchain
	@$(LOCAL) links $(if $(STACK),--stack "$$STACK")

bench: toolchain
	@$(LOCAL) bench

docs: toolchain
	@$(LOCAL) docs

package: toolchain
	@$(LOCAL) package

# mypy takes longer than the others together, so they run beside it; each one's words come in one piece
check: toolchain
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check-types check-format check-lint check-imports check-yaml

# 2 is a failure of mypy itself: its workers have 3 seconds to come up, which a busy machine may not keep
check-types:
	.venv/bin/mypy || { test $$? = 2 && .venv/bin/mypy --num-workers 0; }

check-format:
	.venv/bin/ruff format --check

check-lint:
	.venv/bin/ruff check

check-imports:
	.venv/bin/lint-imports

check-yaml:
	.venv/bin/yamllint --strict .

ifdef PYTEST
test: package check
	.venv/bin/python -m pytest $(PYTEST)
else
# What fails soonest is told first: the quick tests need the packages only, and run while the rest is still being built.
test:
	@$(PYTHON) -m local.bootstrap packages
	$(TESTS) -m quick
	@$(MAKE) --no-print-directory check package
	$(TESTS) -m "not quick"
endif

# a look at the machine as it is, so nothing is installed first
doctor:
	@$(PYTHON) -m local.doctor

lock: toolchain
	.toolchain/bin/uv pip compile --python-version 3.11 --no-header requirements.in --output-file requirements.txt
	.toolchain/bin/uv pip compile --python-version 3.11 --no-header policy/requirements.in --output-file policy/requirements.txt

# The deliveries: on the real clouds, with the login of whoever runs them. The workflows of .github call these.
# ROLE is that of the account: admin for a person, preview in a job that may only read.
DELIVERY = .venv/bin/python -m delivery
needs_stack = @test -n "$$STACK" || { echo 'say which stack: make $@ STACK=nonprod'; exit 2; }

plan: package
	$(needs_stack)
	@$(DELIVERY) plan "$$STACK" --role "$$ROLE"

deploy: package
	$(needs_stack)
	@$(DELIVERY) deploy "$$STACK" --role "$$ROLE"

drift: package
	$(needs_stack)
	@$(DELIVERY) drift "$$STACK" --role "$$ROLE"

# KIND is preview or drift, BASE the commit that the organization's graph is held against
comment: toolchain
	@$(DELIVERY) comment "$${KIND:-preview}" $${STACKS:-organization nonprod prod} --base "$$BASE"

# puts what `comment` wrote on GitHub, once
tell: toolchain
	@$(DELIVERY) tell "$${KIND:-preview}" --pull-request "$${PULL_REQUEST:-0}"

# what a workflow's login steps need, as name=value; ROLE is preview or deploy
target: toolchain
	$(needs_stack)
	@$(DELIVERY) target "$$STACK" "$$ROLE"

# logs the engine in where its state is (delivery/logins.yaml)
login: toolchain
	@$(DELIVERY) login
