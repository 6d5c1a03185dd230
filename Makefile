# Breakwater: make alone prints this help.
SHELL := /bin/bash
GO ?= go
BIN := bin/breakwater
LINT_VERSION := v2.15.0
FUZZTIME ?= 60s
METER := --more 'hearing: meter: {enabled: true}'
BENCHTIME ?= 500ms
SOAK ?= 30m
DAYS ?= 10000
# What speaks and listens on real sockets in real time: beside one another its tests would judge how busy the machine is.
LIVE := ./cmd/... ./loadtest/... ./media ./sip ./sip/arrival ./sip/siptest ./store/... ./tools/demo

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/breakwater
	$(GO) build -o $(BIN) ./cmd/breakwater

.PHONY: run
run: build ## start a call centre on this machine: embedded store in ./var, example config
	$(BIN) run --config config/example --make-secrets

.PHONY: demo
demo: ## six narrated calls by real phones over loopback, checked against the records
	$(GO) run ./tools/demo

.PHONY: deps
deps: ## install what the tests need, when apt is at hand
	@tools/deps.sh

.PHONY: test
test: deps build ## all tests with the race detector, then real peers against the built server
	$(GO) vet -tags e2e ./...
	$(GO) test -race -timeout 30m $$(comm -23 <($(GO) list ./... | sort) <($(GO) list $(LIVE) | sort))
	$(GO) test -race -run '^$$' $(LIVE) >/dev/null # built beside one another
	$(GO) test -race -timeout 30m -p 1 $(LIVE)
	$(GO) test -timeout 20m -p 1 -count 1 -tags e2e ./loadtest/... ./media/g722

.PHONY: e2e
e2e: deps build ## only the real peers: baresip, SIPp, kill -9, a broken config edit
	$(GO) test -timeout 10m -count 1 -v -tags e2e ./loadtest/... ./media/g722

.PHONY: arch
arch: ## the arrow table is the law
	$(GO) test -count 1 .

.PHONY: lint
lint: ## golangci-lint, installed when missing
	@tools/lint.sh $(LINT_VERSION)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (60s)
	@tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## what every stage of a frame's way costs; a protected pair of frames over 2000 ns, or with an allocation, fails
	@set -o pipefail; $(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./media/... ./acd/... | $(GO) run ./loadtest stages

.PHONY: load
load: deps build ## the price of a set-up, how fast a freed agent's phone rings, the server beside a bare relay in C, the highest load it carries well
	$(GO) build -o bin/loadtest ./loadtest
	bin/loadtest free-to-ring --agents 100 --most-p99 10ms --json bin/free-to-ring.json
	bin/loadtest compare --calls 100 --rounds 5 --rate 150 --most 1.3 --pinned $(METER) --json bin/compare-100.json
	bin/loadtest compare --calls 500,1000 --rounds 5 --rate 150 --most 1.5 --pinned $(METER) --json bin/compare.json --svg bin/compare.svg
	bin/loadtest capacity $(METER) --json bin/capacity.json --svg bin/capacity.svg
	bin/loadtest setups --rate 400 --for 60s --json bin/setups-real.json
	bin/loadtest setups --rate 100,200,400 --no-sound --no-record --most-cpu-ms 1 --json bin/setups.json

.PHONY: soak
soak: deps build ## DAYS (10000) random days for each promise of the floor; speech for SOAK (30m) without gap or drift; then calls come and go as long: memory, descriptors, goroutines stay flat
	@set -o pipefail; BREAKWATER_DAYS=$(DAYS) $(GO) test -count 1 -timeout 0 -v -run TestPromise ./acd ./acd/figures | grep -vE "^(=== |    .*rapid. OK)"
	BREAKWATER_SOAK=$(SOAK) $(GO) test -count 1 -timeout 0 -v -run 'LongSpeech|BadLine|ForHours' ./media ./media/jitter
	BREAKWATER_SOAK=$(SOAK) $(GO) test -count 1 -timeout 0 -v -run 'WhileRedisIsAway' ./cmd/breakwater/house
	BREAKWATER_SOAK=10m $(GO) test -count 1 -timeout 0 -v -run FloorAtScale ./acd
	BREAKWATER_MOODS=$(SOAK) $(GO) test -count 1 -timeout 0 -v -tags e2e -run MoodyAgents ./loadtest
	$(GO) build -o bin/loadtest ./loadtest
	bin/loadtest churn --for $(SOAK) --json bin/soak.json --svg bin/soak.svg --most-rss 32 --most-heap 16 --most-rest 20

.PHONY: docs
docs: ## regenerate docs/config.md and the schema from the settings
	$(GO) run ./tools/confdoc

.PHONY: check
check: lint arch test ## all that must be green before a merge
