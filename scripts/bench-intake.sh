#!/usr/bin/env bash
# `make bench-intake` runs this: it builds the program of the commit BASE and measures this one against it, in turns.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
mkdir -p bin
go build -o bin/bench ./internal/bench
commit=$(git rev-parse --verify "$BASE^{commit}")
source=.cache/bench/base-$commit
if [ ! -x "$source/campaignlark" ]; then
	rm -rf "$source"
	mkdir -p "$source"
	git archive "$commit" | tar -x -C "$source"
	(cd "$source" && go build -trimpath -ldflags '-s -w' -o campaignlark ./web)
fi
go build -trimpath -ldflags '-s -w' -o bin/campaignlark ./web
exec bin/bench intake -now bin/campaignlark -base "$source/campaignlark" "$@"
