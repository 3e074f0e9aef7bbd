# cartotheque: `make serve` builds and serves the demo, `make test` runs every check.
# Both use the release profile, so that PROJ is built once.

LISTEN ?= 127.0.0.1:8080
CARGO ?= cargo
BIN = $(or $(CARGO_TARGET_DIR),target)/release/cartotheque

.PHONY: help deps viewer viewer-if-it-can-be viewer-e2e build serve test conformance cql2-oracle lint bench bench-http check fuzz clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

deps: ## Install what is missing to build (Debian and Ubuntu packages)
	@scripts/install-deps.sh

viewer: ## Build the maps' viewer (TypeScript) into viewer/dist, for the next build to embed
	@scripts/build-viewer.sh

# a server without the viewer is a whole one: its maps' pages are text
viewer-if-it-can-be:
	@scripts/build-viewer.sh || echo "make: the viewer could not be built; the maps' pages will be without it" >&2

build: deps viewer-if-it-can-be ## Build target/release/cartotheque
	$(CARGO) build --release

serve: build ## Serve the Auvergne-Rhône-Alpes demo on http://127.0.0.1:8080
	$(BIN) serve . --listen $(LISTEN)

conformance: build ## OGC's own test suites, as far as Maven's central repository has them (needs ../shared, Java 17, Maven)
	@python3 scripts/conformance --binary $(BIN)

cql2-oracle: deps ## CQL2 beside the crate cql2, over the standard's filters (needs ../shared) and random ones
	cp Cargo.lock tests/cql2/oracle/
	CARGO_TARGET_DIR=$(abspath target) $(CARGO) run --release --manifest-path tests/cql2/oracle/Cargo.toml

lint: deps ## Format and clippy
	$(CARGO) fmt --check
	$(CARGO) clippy --release --all-targets -- -D warnings

test: ## Every check: format, clippy, unit, protocol, golden image, end-to-end
	@scripts/test.sh

viewer-e2e: build ## The maps' pages in Chromium, as visitors use them
	cd viewer && CARTOTHEQUE=$(abspath $(BIN)) npm run --silent e2e

check: build ## Verify the demo's configuration, styles and data
	$(BIN) check .

bench: deps ## The criterion benches
	$(CARGO) bench

bench-http: build ## Side by side with MapServer, QGIS Server, pygeoapi, Martin and tippecanoe on the same data (installs what Debian has)
	scripts/bench-http.sh

clean: ## Remove what was built
	$(CARGO) clean
