# What a user of the repository runs. Everything is built once, in the release configuration.
SHELL := /bin/bash
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
BIN = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)
APT_PACKAGES := libopenblas-dev libomp-dev zlib1g-dev libpng-dev dataset-fashion-mnist gnuplot-nox
DEMO_DIR ?= out/demo
WORKSHOP_DIR ?= out/workshop
EXERCISE ?= 1.2
# Suites that read hostile files and plans, and those that run the C runtime in all its ways.
SANITIZED := Mutation|BadFile|BadInput|BadText|Verify|HostilePlan|ExecutorAgreement|EdgeValue|RandomGraph|RuntimeTests

VENV ?= .build/conformance
PYTHON ?= python3
FUZZ_SECONDS ?= 60

.PHONY: help packages build demo workshop test conformance pytorch bench lint format ulp fuzz fuzz-onnx sanitize consumer clean

help:
	@echo "make demo      install what is needed, build, train on real images, show what happened"
	@echo "make workshop  the first trained exercise of the course and its report (EXERCISE=day2, EXERCISE=all, ...)"
	@echo "make test      every test"
	@echo "make conformance  ONNX: node tests, models of PyTorch, ONNX Runtime (installs them into a virtual environment)"
	@echo "make pytorch   state dicts that Jacquard wrote, loaded by PyTorch (PYTHON=... has torch and what the goldens need)"
	@echo "make bench     side by side with PyTorch, JAX, ONNX Runtime, OpenVINO (installs them into a virtual environment)"
	@echo "make ulp       the maths functions over all 2^32 floats"
	@echo "make fuzz      2000 hostile files for each operation, on every executor"
	@echo "make fuzz-onnx  hostile ONNX files under libFuzzer (FUZZ_SECONDS=60)"
	@echo "make sanitize  readers, verifier and runtime under AddressSanitizer"
	@echo "make lint      check the format; make format mends it"

# Debian's packages, where they are missing.
packages:
	@Scripts/install-packages.sh $(APT_PACKAGES)

# By product: a build of everything would compile protoc, which swift-protobuf brings along and nothing here runs.
build: packages
	swift build $(SWIFT_FLAGS) --product jacquard

demo: build
	@Scripts/demo.sh "$(BIN)/jacquard" "$(DEMO_DIR)"

workshop: packages
	swift build $(SWIFT_FLAGS) --product workshop
	@"$(BIN)/workshop" run $(EXERCISE) --out "$(WORKSHOP_DIR)"

test: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	swift test $(SWIFT_FLAGS) --skip-build
	@Scripts/test-kill.sh "$(BIN)/jacquard"
	@Scripts/test-consumer.sh

conformance: build
	@test -x $(VENV)/bin/python || python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --requirement Tests/Conformance/requirements.txt
	@$(VENV)/bin/pip install --quiet "torch==2.13.0+cpu" 2>/dev/null \
	  || $(VENV)/bin/pip install --quiet torch==2.13.0
	@$(VENV)/bin/python Tests/Conformance/run.py "$(BIN)/jacquard" --report docs/onnx-coverage.md
	@$(VENV)/bin/python Tests/Conformance/exported.py "$(BIN)/jacquard" graphs --report docs/onnx-coverage.md
	@$(VENV)/bin/python Tests/Conformance/torch_models.py "$(BIN)/jacquard" --report docs/onnx-coverage.md

pytorch: packages
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	@mkdir -p out/pytorch
	JACQUARD_PYTORCH_DIR=out/pytorch swift test $(SWIFT_FLAGS) --skip-build --filter writesStateDictsForPyTorch
	@$(PYTHON) Tests/PyTorch/check.py out/pytorch

consumer:
	@Scripts/test-consumer.sh

bench: build
	@Scripts/bench.sh "$(BIN)/jacquard"

ulp: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	JACQUARD_ULP_STRIDE=1 swift test $(SWIFT_FLAGS) --skip-build --filter functionsAreWithinTwoUnits

fuzz: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	JACQUARD_FUZZ_FILES=2000 swift test $(SWIFT_FLAGS) --skip-build --filter HostileNode

fuzz-onnx: build
	@Scripts/fuzz-onnx.sh "$(BIN)/jacquard" "$(FUZZ_SECONDS)"

sanitize: packages
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-asan --filter '$(SANITIZED)'

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

clean:
	rm -rf .build .build-asan .build-fuzz out
