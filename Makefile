# The commands of this repository. Each fetches what it needs by itself and says so; the second time it is quick.
#
# What is fetched lies in .build/ and in the user's cache. `make check` is what CI runs, step for step.

target := $(or $(CARGO_TARGET_DIR),target)
cargo_flags ?=
venv := .build/venv/bin

# One program at a time: cargo uses all cores by itself, and the steps of `check` are in the order of their cost.
.NOTPARALLEL:

.PHONY: build
build: duckdb ## the release binary
	cargo build --release $(cargo_flags)
	@echo "built $(target)/release/snowflake-mcp"

# Compiled without optimising, which is most of the time: profile `try` in Cargo.toml. `build` makes the binary to deploy.
.PHONY: run
run: duckdb ## starts the server on the embedded engine, no account needed
	@test -e $(target)/try/snowflake-mcp || \
	echo "compiling, once: some 550 crates, a few minutes on two cores. Cargo counts them; the next start takes a second."
	cargo build --profile try $(cargo_flags)
	WAREHOUSE_BACKEND=embedded $(target)/try/snowflake-mcp

.PHONY: test
test: duckdb clients ## all tests: Rust, real MCP clients, TPC-H against another engine, metrics and alerts in a real Prometheus
	cargo test $(cargo_flags)
	cargo build $(cargo_flags)
	cargo build --example snowflake-stub $(cargo_flags)
	@for tests in tests/clients tests/observability; do \
	echo "pytest $$tests" && \
	SNOWFLAKE_MCP=$(abspath $(target))/debug/snowflake-mcp STUB=$(abspath $(target))/debug/examples/snowflake-stub \
	$(venv)/pytest $$tests || exit 1; done

# Not part of `check`: it needs a network and minutes, and the agents are others' programs. tests/clients/test_answers.py
# holds every change to the same scenarios without them.
.PHONY: agents
agents: duckdb clients ## Claude Code, Codex, opencode and Gemini CLI against a model by script: is their model given the whole answer?
	cargo build $(cargo_flags)
	cargo build --example snowflake-stub $(cargo_flags)
	@scripts/fetch-agents.sh
	SNOWFLAKE_MCP=$(abspath $(target))/debug/snowflake-mcp STUB=$(abspath $(target))/debug/examples/snowflake-stub \
	$(venv)/pytest tests/agents

.PHONY: conformance
conformance: clients build ## the official conformance suite on the release binary, and whole on a build with its fixtures
	@mkdir -p .build/conformance && cp tests/conformance/package*.json tests/conformance/.npmrc .build/conformance/
	@cd .build/conformance && npm ci --silent --no-audit --no-fund
	cargo build --features conformance-fixtures --target-dir $(target)/conformance $(cargo_flags)
	python3 scripts/conformance.py .build/conformance $(abspath $(target))/release/snowflake-mcp
	python3 scripts/conformance.py .build/conformance $(abspath $(target))/conformance/debug/snowflake-mcp --fixtures

.PHONY: token-load
token-load: clients $(if $(BINARY),,build) ## tokens of three seconds under load on the release binary, kept and exchanged, for ten minutes each (seconds=600)
	$(if $(STUB),,cargo build --release --example snowflake-stub $(cargo_flags))
	SNOWFLAKE_MCP=$(or $(BINARY),$(abspath $(target))/release/snowflake-mcp) \
	STUB=$(or $(STUB),$(abspath $(target))/release/examples/snowflake-stub) \
	TOKEN_LOAD_SECONDS=$(or $(seconds),600) $(venv)/pytest -v tests/clients/test_sign_in.py -k tokens_of_seconds

# `make attack BINARY=… STUB=…` takes programs that are built already; `attacks="bodies guesses"` makes some of them only.
.PHONY: attack
attack: $(if $(BINARY),,build) ## every attack of SECURITY.md on the release binary, in a memory cgroup of 1 GiB where one can be made; a table in .build/attack.md
	$(if $(STUB),,cargo build --release --example snowflake-stub $(cargo_flags))
	SNOWFLAKE_MCP=$(or $(BINARY),$(abspath $(target))/release/snowflake-mcp) \
	STUB=$(or $(STUB),$(abspath $(target))/release/examples/snowflake-stub) python3 tests/attack/attack.py $(attacks)

# Not part of `check`: it takes half an hour. `mutants="policy 12"` tries those of a file or a number.
.PHONY: mutants
mutants: duckdb ## whether a test fails when the code is wrong, with some 150 small mistakes
	python3 tests/mutants/mutants.py $(mutants)

.PHONY: check
check: cargo_flags += --locked
# The same statements on every run: what fuzzing finds by chance is for whoever fuzzes, not for somebody else's change.
check: fuzz_limit := -runs=40000 -seed=1
check: nested_limit := --runs 300 --seed 1
check: fuzz_corpus := .build/fuzz/fresh
check: duckdb clients format lint deny documentation deploy-check test fuzz ## everything CI runs, cheapest first

.PHONY: format
format: clients ## whether Rust, Python and shell are written as they should be
	cargo fmt --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	$(venv)/ruff format --quiet --check packaging tests/agents tests/attack tests/clients tests/deploy tests/dist tests/image tests/mutants tests/observability scripts fuzz
	$(venv)/ruff check --quiet packaging tests/agents tests/attack tests/clients tests/deploy tests/dist tests/image tests/mutants tests/observability scripts fuzz
	$(venv)/python scripts/draw_rooms.py --check
	$(venv)/python scripts/release.py --check
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh packaging/*.sh compose/*.sh .ci/run; \
	else echo "shellcheck is not installed: the shell scripts are not checked"; fi

.PHONY: lint
lint: duckdb ## clippy, with and without the embedded engine; warnings are errors
	cargo clippy --all-targets $(cargo_flags) -- -D warnings
	cargo clippy --all-targets --no-default-features $(cargo_flags) -- -D warnings

.PHONY: deny
deny: ## what the program is made of: licences, crates that are not wanted, where they come from, known holes (deny.toml)
	@scripts/deny.sh

.PHONY: documentation
documentation: duckdb ## the documentation of the code, private items as well; warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items $(cargo_flags)

.PHONY: deploy-check
deploy-check: ## chart, manifests, Compose and Dockerfile, without a Docker engine or a cluster
	@scripts/check-deploy.sh

.PHONY: image-test
image-test: ## builds the images and runs them, Compose's profiles as well; starts a Docker engine where it can
	@scripts/image-test.sh

# `make dist BINARIES=FOLDER` packs a program that is built already, with DuckDB's library beside it.
.PHONY: dist
dist: $(if $(BINARIES),,build) ## the packages of this machine's platform in .build/dist; installs and runs each on a fresh machine
	@BINARIES=$(BINARIES) scripts/dist.sh

.PHONY: sbom
sbom: image ?= snowflake-mcp:dev
sbom: ## what an image is made of, as SPDX and CycloneDX in .build/sbom: make sbom image=snowflake-mcp:0.1.0
	@scripts/sbom.sh $(image)

.PHONY: fuzz
fuzz: duckdb ## mutated statements against the classifier and nested expressions against the engine, half a minute each; `make fuzz fuzz_seconds=3600` for longer
	@command -v c++ >/dev/null || { echo "c++ is not installed: libFuzzer is compiled from its source" >&2; exit 1; }
	python3 fuzz/seeds.py .build/fuzz/seeds
	rm -rf .build/fuzz/fresh && mkdir -p .build/fuzz/corpus .build/fuzz/fresh
	RUSTFLAGS="$(coverage)" cargo run --release $(cargo_flags) --manifest-path fuzz/Cargo.toml --target-dir $(target)/fuzz \
	--target $$(rustc -vV | sed -n 's/^host: //p') --bin classify -- $(fuzz_limit) -max_len=4096 \
	-timeout=10 -dict=fuzz/sql.dict -artifact_prefix=.build/fuzz/ -print_final_stats=1 $(fuzz_corpus) .build/fuzz/seeds
	cargo build $(cargo_flags)
	python3 fuzz/nested.py $(abspath $(target))/debug/snowflake-mcp $(nested_limit)

# What `cargo fuzz` passes to rustc, without the sanitizer, which only a nightly toolchain has. `--target` in the command keeps it
# from what runs at build time.
fuzz_seconds := 30
fuzz_limit = -max_total_time=$(fuzz_seconds)
nested_limit = --seconds $(fuzz_seconds) --seed $$$$
fuzz_corpus = .build/fuzz/corpus
coverage := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares

.PHONY: docs
docs: duckdb clients ## rewrites what is generated: documents from the code, the chart's schema and README, k8s/components/monitoring
	UPDATE_DOCS=1 cargo test --quiet --test it documents
	$(venv)/python scripts/draw_rooms.py
	@scripts/check-deploy.sh tools
	.build/deploy-tools/venv/bin/python scripts/generate_deploy.py

.PHONY: measure
measure: build clients ## start-up time, memory and size of the release binary, and what calls and telemetry cost
	$(venv)/python scripts/measure.py $(target)/release/snowflake-mcp
	cargo build --release --locked --example snowflake-stub
	$(venv)/python scripts/measure_load.py $(target)/release
	$(venv)/python scripts/measure_telemetry.py $(target)/release

# Both programs come from PyPI where they are not on the PATH. The pages are in .build/book/html.
.PHONY: book
book: ## the documents as a site in .build/book/html, every link checked
	@if ! command -v mdbook >/dev/null || ! command -v lychee >/dev/null; then \
	test -x .build/mdbook/bin/mdbook || python3 -m venv .build/mdbook; \
	.build/mdbook/bin/pip install --quiet --disable-pip-version-check --requirement docs/book/requirements.txt; fi
	@PATH="$$PATH:$(abspath .build/mdbook/bin)" && scripts/book.py "$$(command -v mdbook)" "$$(command -v lychee)"

# Chromium is needed for this only.
.PHONY: session-picture
session-picture: duckdb ## docs/session.png: a question, the calls and the answers that the server gave
	cargo build $(cargo_flags)
	scripts/draw_session.py $(target)/debug/snowflake-mcp

# The peers are fetched into .build/bench. On a quiet machine it takes half an hour; `bench_flags=--short` shows that it runs.
bench_flags :=
.PHONY: bench
bench: build ## docs/benchmarks.md: this server and its peers side by side on the stub of an account
	cargo build --release --locked --example snowflake-stub
	python3 scripts/bench $(target)/release $(bench_flags)
	test -d .build/plots || python3 -m venv .build/plots
	.build/plots/bin/pip install --quiet --disable-pip-version-check matplotlib==3.10.9
	.build/plots/bin/python scripts/bench/report.py .build/bench/results.json

# matplotlib is needed for this and for the plots of `bench`.
.PHONY: dashboard-picture
dashboard-picture: duckdb clients ## docs/dashboard.png: the dashboard's panels drawn from a run with an outage
	cargo build $(cargo_flags)
	cargo build --example snowflake-stub $(cargo_flags)
	test -d .build/plots || python3 -m venv .build/plots
	.build/plots/bin/pip install --quiet --disable-pip-version-check matplotlib==3.10.9
	SNOWFLAKE_MCP=$(abspath $(target))/debug/snowflake-mcp STUB=$(abspath $(target))/debug/examples/snowflake-stub \
	.build/plots/bin/python scripts/render_dashboard.py

.PHONY: clean
clean: ## removes what was built; what was fetched stays in the cache
	cargo clean
	rm -rf .build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The prebuilt DuckDB library, where the build looks for it.
.PHONY: duckdb
duckdb:
	@command -v cargo >/dev/null || { echo "cargo is not installed: Rust comes from rustup.rs" >&2; exit 1; }
	@scripts/fetch-duckdb.sh

# The clients that the tests use, in Python and JavaScript.
.PHONY: clients
clients:
	@scripts/fetch-clients.sh
