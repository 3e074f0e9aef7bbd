# cartotheque: `make serve` builds and serves the demo, `make test` runs every check.
# Both use the release profile, so that PROJ is built once.

LISTEN ?= 127.0.0.1:8080
CARGO ?= cargo
BIN = $(or $(CARGO_TARGET_DIR),target)/release/cartotheque

.PHONY: help deps build serve test conformance lint bench bench-http check fuzz clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

deps: ## Install what is missing to build (Debian and Ubuntu packages)
	@scripts/install-deps.sh

build: deps ## Build target/release/cartotheque
	$(CARGO) build --release

serve: build ## Serve the Auvergne-Rhône-Alpes demo on http://127.0.0.1:8080
	$(BIN) serve . --listen $(LISTEN)

conformance: build ## OGC's own test suites, as far as Maven's central repository has them (needs ../shared, Java 17, Maven)
	@python3 scripts/conformance --binary $(BIN)

lint: deps ## Format and clippy
	$(CARGO) fmt --check
	$(CARGO) clippy --release --all-targets -- -D warnings

test: ## Every check: format, clippy, unit, protocol, golden image, end-to-end
	@scripts/test.sh

check: build ## Verify the demo's configuration, styles and data
	$(BIN) check .

bench: deps ## The criterion benches
	$(CARGO) bench

bench-http: build ## Side by side with MapServer, Martin and tippecanoe on the same data (installs what Debian has)
	scripts/bench-http.sh

clean: ## Remove what was built
	$(CARGO) clean
