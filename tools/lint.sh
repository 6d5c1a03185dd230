#!/usr/bin/env bash
# Runs golangci-lint in the version named, installing it into bin/ when it is not there.
set -euo pipefail
version=$1
lint=bin/golangci-lint-$version
if [ ! -x "$lint" ]; then
	mkdir -p bin/.lint
	GOBIN=$PWD/bin/.lint go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
	mv bin/.lint/golangci-lint "$lint"
fi
exec "$lint" run ./...
