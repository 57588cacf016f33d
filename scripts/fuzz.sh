#!/usr/bin/env bash
# Runs each fuzz target of the program for a minute, one after the other. FUZZ_TIME=10s makes it shorter.
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed -E 's/^(.*)\/[^/]+:func (.*)$/\1 \2/' | sort -u |
	while read -r folder target; do
		echo "$folder $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZ_TIME:-1m}" "$folder" </dev/null
	done
