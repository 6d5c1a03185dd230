#!/usr/bin/env bash
# Runs every fuzz target of the tree for the time given, one after the other; the first crash ends it.
set -euo pipefail
time=$1
grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
	dir=$(dirname "$file")
	grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | sed 's/^func //' | while read -r target; do
		echo "== $dir $target ($time)"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir"
	done
done
