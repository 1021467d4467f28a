# What a user of the repository runs. Everything is built once, in the release configuration.
SHELL := /bin/bash
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
BIN = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)
APT_PACKAGES := libopenblas-dev libomp-dev zlib1g-dev libpng-dev dataset-fashion-mnist gnuplot-nox graphviz python3
DEMO_DIR ?= out/demo
WORKSHOP_DIR ?= out/workshop
EXERCISE ?= 1.2
# Suites that read hostile files and plans, and those that run the C runtime in all its ways.
SANITIZED := Mutation|BadFile|BadInput|BadText|Verify|HostilePlan|ExecutorAgreement|EdgeValue|RandomGraph|RuntimeTests|Native|FreedMemory
# Those that run the C runtime, and emitted C, on several threads.
THREADED := ExecutorAgreementTests.*HoweverTheyRun|NativeAgreementTests.operations|RandomGraphTests.executors|PlannerTests.ControlTests|Sanitizer
# Those that compare executors.
COMPARED := ExecutorAgreement|EdgeValue|RandomGraph|NativeAgreement|PlannerTests.ControlTests

VENV ?= .build/conformance
PYTHON ?= python3
FUZZ_SECONDS ?= 60
GRAPHS ?= $(wildcard graphs/*.json)
ABLATED ?= mlp.train resnet.train transformer.train
# Of the sizes that nobody chose, in `make bench` and `make shapes`.
SEED ?= 1
SHAPES_DIR ?= out/shapes-$(SEED)
DOCS_DIR ?= out/docs
# The modules that a user may import.
DOCUMENTED := Jacquard JacquardCore JacquardFiles JacquardIR JacquardOps JacquardTransforms
# And those behind them: all of their public symbols have comments, too.
COMMENTED := $(DOCUMENTED) JacquardKernels JacquardPlanner JacquardCodegen JacquardRuntime JacquardInterchange JacquardCLI
# The benchmarks are a package of their own, which nothing else builds.
BENCHMARKS := --package-path Benchmarks -c release
SWIFT_SOURCES := Package.swift Sources Tests $(addprefix Benchmarks/,Package.swift Micro Sources Tests)

.PHONY: help packages build demo workshop inspect test test-browser conformance pytorch bench micro shapes test-benchmarks ablate lint \
  format docs picture ulp fuzz fuzz-onnx sanitize isa consumer clean

help:
	@echo "make demo      install what is needed, build, train on real images, show what happened"
	@echo "make workshop  the first trained exercise of the course and its report (EXERCISE=day2, EXERCISE=all, ...)"
	@echo "make inspect   a page for each graph in graphs/ that shows what the compiler made of it (GRAPHS='graphs/mlp.json')"
	@echo "make test      every test"
	@echo "make test-browser  those pages driven in headless Chromium"
	@echo "make conformance  ONNX: node tests, models of PyTorch, ONNX Runtime (installs them into a virtual environment)"
	@echo "make pytorch   state dicts that Jacquard wrote, loaded by PyTorch (PYTHON=... has torch and what the goldens need)"
	@echo "make bench     side by side with PyTorch, JAX, ONNX Runtime, OpenVINO (installs them into a virtual environment; SEED=1)"
	@echo "make micro     passes, planner and kernels one by one"
	@echo "make shapes    training graphs with drawn sizes (SEED=1)"
	@echo "make ablate    what each part of the compiler gives (ABLATED='mlp.train resnet.train')"
	@echo "make docs      the documentation of the public modules, in out/docs"
	@echo "make picture   the picture of the inspector's page in the README"
	@echo "make ulp       the maths functions over all 2^32 floats"
	@echo "make fuzz      2000 hostile files for each operation, on every executor"
	@echo "make fuzz-onnx  hostile ONNX files under libFuzzer (FUZZ_SECONDS=60)"
	@echo "make sanitize  readers, verifier, runtime and emitted C under AddressSanitizer, UBSan and ThreadSanitizer"
	@echo "make isa       runtime and emitted C without AVX-512, and without AVX, as older processors run them"
	@echo "make lint      check the format and that public symbols have comments; make format mends the former"

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

inspect: build
	@folder=$$(mktemp -d); \
	for graph in $(GRAPHS); do \
	  page="$$folder/$$(basename "$$graph" .json).html"; \
	  "$(BIN)/jacquard" inspect "$$graph" --format html -o "$$page" && echo "$$page" || exit 1; \
	done

test-browser: build
	@Scripts/install-packages.sh chromium
	@python3 Tests/Browser/run.py "$(BIN)/jacquard" $(GRAPHS)

test: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	swift test $(SWIFT_FLAGS) --skip-build
	@Scripts/test-kill.sh "$(BIN)/jacquard"
	@Scripts/test-native.sh "$(BIN)/jacquard"
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

bench: build shapes
	@Scripts/bench.sh "$(BIN)/jacquard" "$(SHAPES_DIR)/shapes.json" $(BENCH_OPTIONS)

micro: packages
	swift package --package-path Benchmarks benchmark

shapes: packages
	swift run $(BENCHMARKS) benchmark-shapes --seed $(SEED) --to "$(SHAPES_DIR)"

test-benchmarks: packages
	swift test $(BENCHMARKS) --disable-testable-imports
	@$(PYTHON) -B -m unittest discover --start-directory Benchmarks/peers

ablate: build
	@for graph in $(ABLATED); do \
	  echo "$$graph"; "$(BIN)/jacquard" bench "graphs/$$graph.json" --ablate || exit 1; echo; \
	done

docs: packages
	@Scripts/docs.sh "$(DOCS_DIR)" $(DOCUMENTED)

picture: build
	@Scripts/install-packages.sh chromium graphviz
	@Scripts/picture.sh "$(BIN)/jacquard" graphs/transformer.json kernels/5 docs/inspect.png

ulp: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	JACQUARD_ULP_STRIDE=1 swift test $(SWIFT_FLAGS) --skip-build --filter functionsAreWithinTwoUnits

fuzz: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	JACQUARD_FUZZ_FILES=2000 swift test $(SWIFT_FLAGS) --skip-build --filter HostileNode

fuzz-onnx: build
	@Scripts/fuzz-onnx.sh "$(BIN)/jacquard" "$(FUZZ_SECONDS)"

sanitize: packages
	@Scripts/sanitize.sh address '$(SANITIZED)'
	@Scripts/sanitize.sh thread '$(THREADED)'

isa: build
	swift build $(SWIFT_FLAGS) --product JacquardPackageTests
	JACQUARD_ISA=v3 swift test $(SWIFT_FLAGS) --skip-build --filter '$(COMPARED)'
	JACQUARD_ISA=baseline swift test $(SWIFT_FLAGS) --skip-build --filter '$(COMPARED)'

lint:
	swift format lint --strict --recursive $(SWIFT_SOURCES)
	@$(PYTHON) -B Scripts/undocumented.py $(COMMENTED)

format:
	swift format --in-place --recursive $(SWIFT_SOURCES)

clean:
	rm -rf .build .build-sanitize-address .build-sanitize-thread .build-fuzz .build-docs Benchmarks/.build out
