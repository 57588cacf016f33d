#!/usr/bin/env bash
# Everything that has to hold before a change lands, with the time of each part. Run it as `make test`.
# What it needs beyond Go it finds or installs; it leaves any Postgres that is already there alone.
set -euo pipefail
cd "$(dirname "$0")/.."

AXE_VERSION=4.14.1
AXE_FOLDER=.cache/axe

have() { command -v "$1" >/dev/null 2>&1; }
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
# Chromium without its window takes a third less time; any other will do where nothing can be installed.
have_browser() { have chromium-headless-shell || { ! may_install && { have chromium || have chromium-browser || have google-chrome; }; }; }
may_install() { [ "$(id -u)" = 0 ] && have apt-get; }
have_axe() { [ -f "$AXE_FOLDER/node_modules/axe-core/axe.min.js" ]; }

# install_packages gets the Debian packages that are missing, or says which line gets them.
install_packages() {
	local missing=()
	have gcc || missing+=(gcc libc6-dev)
	have_postgres || missing+=(postgresql)
	have_browser || missing+=(chromium-headless-shell)
	have_axe || have npm || missing+=(npm)
	[ ${#missing[@]} -gt 0 ] || return 0
	local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
	if ! may_install; then
		echo "make test needs ${missing[*]}. As root, run: $line" >&2
		exit 1
	fi
	echo "Installing ${missing[*]} with apt-get, for the race detector, the databases and the browser."
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >.cache/apt.log 2>&1 </dev/null ||
		{ tail -20 .cache/apt.log >&2; echo "Installing failed; run: $line" >&2; exit 1; }
}

install_axe() {
	have_axe && return 0
	echo "Installing axe-core $AXE_VERSION with npm into $AXE_FOLDER, for the checks of accessibility."
	npm install --prefix "$AXE_FOLDER" --no-save --no-audit --no-fund --ignore-scripts "axe-core@$AXE_VERSION" >.cache/npm.log 2>&1 </dev/null ||
		{ tail -20 .cache/npm.log >&2; echo "Installing axe-core failed." >&2; exit 1; }
}

summary=()
failed=0

# step NAME COMMAND... runs a part; the rest goes on when it fails, so that one run shows all there is to repair.
step() {
	local name=$1 from=$SECONDS verdict=passed
	shift
	echo "== $name"
	"$@" </dev/null || { verdict=FAILED; failed=$((failed + 1)); }
	summary+=("$(printf '%-52s %-7s %4d s' "$name" "$verdict" $((SECONDS - from)))")
	echo "   $name: $verdict, $((SECONDS - from)) s"
}

formatting() {
	local files
	files=$(gofmt -l .) || return 1
	[ -z "$files" ] || { printf 'gofmt would change:\n%s\n' "$files"; return 1; }
}

checksums() { git ls-files -co --exclude-standard '*_templ.go' | sort | xargs -r sha256sum; }

generated() {
	local before
	before=$(checksums)
	go tool templ generate >/dev/null 2>&1 || { go tool templ generate; return 1; }
	[ "$before" = "$(checksums)" ] || { echo "Generated code was not up to date; it is now: commit it."; return 1; }
}

unit_tests() {
	local packages
	packages=$(go list ./... | grep -v -e '/e2e$' -e '/handlers$' -e '^campaignlark$') || return 1
	go test -race -count=1 -timeout 20m $packages
}

export CGO_ENABLED=1 # the race detector needs it
# The pages are 30,000 generated lines: to optimise them takes longer than to test them.
GOFLAGS="$(go env GOFLAGS) '-gcflags=campaignlark/views=-N -l'"
export GOFLAGS
from=$SECONDS
mkdir -p .cache
install_packages
install_axe

step "go vet" go vet ./...
step "gofmt" formatting
step "generated code is up to date" generated
step "go.mod is tidy" go mod tidy -diff
step "links of the documents" go test -count=1 .
step "unit tests, both databases, race detector" unit_tests
# Without the race detector: a page's test asks for one thing after the other, and what goes on beside each other below it
# is in the steps before and after.
step "pages and their routes, both databases" go test -count=1 -timeout 20m ./handlers
hard='^Test(KillUnderLoad|ReplicasTellOneHistory)$'
step "kill -9 under load, two replicas, race detector" go test -race -count=1 -timeout 20m -run "$hard" ./internal/e2e
# Without the race detector: the unit tests and the step before have it, and this one is long enough.
# Its tests wait for a browser more than they work: four at a time keep two cores busy.
step "the program in use and in a browser" go test -count=1 -timeout 20m -parallel 4 -skip "$hard" ./internal/e2e

printf '\nWhat passed, and how long it took:\n'
printf '%s\n' "${summary[@]}"
printf '%-60s %4d s\n' "all of it" $((SECONDS - from))
echo "Steps: $((${#summary[@]} - failed)) passed, $failed failed"
[ "$failed" = 0 ]
