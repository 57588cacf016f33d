#!/usr/bin/env bash
# `make test` runs this: what a change can break in rules, storage and pages, on both databases, and the main job in a browser.
# `make test-all` runs it with the word all, before a change lands: the same in full, with the race detector, kill -9,
# replicas, torture in short, and every page in a browser. Both print how long each part took.
# `make torture` runs it with the word torture: the long tests of overload, faults and restarts alone.
# What it needs beyond Go it finds or installs; it leaves any Postgres that is already there alone.
set -euo pipefail
cd "$(dirname "$0")/.."
all= torture=
[ "${1:-}" = all ] && all=1
[ "${1:-}" = torture ] && torture=1

AXE_VERSION=4.14.1
AXE_FOLDER=.cache/axe

have() { command -v "$1" >/dev/null 2>&1; }
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
# Chromium without its window takes a third less time; any other will do where nothing can be installed.
have_browser() { have chromium-headless-shell || { ! may_install && { have chromium || have chromium-browser || have google-chrome; }; }; }
have_nginx() { have nginx || [ -x /usr/sbin/nginx ]; }
may_install() { [ "$(id -u)" = 0 ] && have apt-get; }
have_axe() { [ -f "$AXE_FOLDER/node_modules/axe-core/axe.min.js" ]; }

# install_packages gets the Debian packages that are missing, or says which line gets them.
install_packages() {
	local missing=()
	[ -z "$all" ] || have gcc || missing+=(gcc libc6-dev)
	have_postgres || missing+=(postgresql)
	[ -z "$all$torture" ] || have_nginx || missing+=(nginx)
	[ -n "$torture" ] || have_browser || missing+=(chromium-headless-shell)
	[ -n "$torture" ] || have_axe || have npm || missing+=(npm)
	[ ${#missing[@]} -gt 0 ] || return 0
	local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
	if ! may_install; then
		echo "The tests need ${missing[*]}. As root, run: $line" >&2
		exit 1
	fi
	echo "Installing ${missing[*]} with apt-get, for the databases, the browser, the proxy and the race detector."
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >.cache/apt.log 2>&1 </dev/null ||
		{ tail -20 .cache/apt.log >&2; echo "Installing failed; run: $line" >&2; exit 1; }
}

install_axe() {
	{ [ -n "$torture" ] || have_axe; } && return 0
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
	summary+=("$(printf '%-60s %-7s %4d s' "$name" "$verdict" $((SECONDS - from)))")
	echo "   $name: $verdict, $((SECONDS - from)) s"
}

formatting() {
	local files
	files=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l) || return 1
	[ -z "$files" ] || { printf 'gofmt would change:\n%s\n' "$files"; return 1; }
}

checksums() { git ls-files -co --exclude-standard '*_templ.go' | sort | xargs -r sha256sum; }

generated() {
	local before
	before=$(checksums)
	go tool templ generate >/dev/null 2>&1 || { go tool templ generate; return 1; }
	[ "$before" = "$(checksums)" ] || { echo "Generated code was not up to date; it is now: commit it."; return 1; }
}

# pages_changed says whether a page's source or its generated code differs from the last commit.
pages_changed() { [ -n "$(git status --porcelain -- '*.templ' '*_templ.go' 2>&1)" ]; }

# One set of flags for everything that is built, the program's own but for one: the pages are 30,000 generated lines, and
# optimising them takes longer than testing them.
GOFLAGS="$(go env GOFLAGS) -trimpath '-gcflags=campaignlark/views=-N -l'"
export GOFLAGS CGO_ENABLED=0
from=$SECONDS
mkdir -p .cache
install_packages
install_axe

# With memory to spare the compiler collects less often and the tests' databases live in memory: they need not survive a
# power cut. Some machines let no program start from there, so that what go builds stays where it was.
memory=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || echo 0)
databases=${TMPDIR:-/tmp}
if [ "$memory" -gt 8000 ]; then
	export GOGC=400
	if [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 6000 ]; then
		databases=$(mktemp -d /dev/shm/campaignlark-tests-XXXXXX)
		trap 'rm -rf "$databases"' EXIT
		chmod 755 "$databases" # the user postgres passes through
	fi
fi
in_memory() { env TMPDIR="$databases" GOTMPDIR="${TMPDIR:-/tmp}" "$@"; }

if [ -n "$torture" ]; then # on the disk, with the durability that people have
	TORTURE=long exec go test -count=1 -vet=off -v -timeout 2h ./internal/torture
fi

packages=$(go list ./... | grep -vE '/(e2e|torture)$')
# raced runs a command with the race detector, which needs a C compiler.
raced() { CGO_ENABLED=1 "$@"; }
raced_e2e() { raced go test -race -count=1 -vet=off -timeout 20m "$@" ./internal/e2e; }
# The tests of the browser wait for it more than they work: four at a time keep two cores busy.
browser() { go test -count=1 -vet=off -timeout 20m -parallel 4 "$@" ./internal/e2e; }

# only COMMAND NAME... runs these tests of the program in use, and fails if one does not exist any more.
only() {
	local command=$1 name
	shift
	for name in "$@"; do
		grep -qE "^func $name\\(" internal/e2e/*_test.go || { echo "There is no test named $name; scripts/test.sh names it."; return 1; }
	done
	"$command" -run "^($(IFS='|'; echo "$*"))$"
}

step "gofmt" formatting
# The generator takes a minute to compile on a fresh machine. What is committed has passed with the word all.
if [ -n "$all" ] || pages_changed; then step "generated code is up to date" generated; fi
step "go.mod is tidy" go mod tidy -diff
if [ -z "$all" ]; then
	step "rules, storage and pages on both databases, vet" in_memory go test -short -count=1 -vet=all -timeout 15m $packages
	step "the main job in a browser" only browser TestBrowserFirstHour TestSetupLinkWorksOnce
else
	step "go vet" go vet ./...
	step "rules, storage and pages on both databases, race detector" raced in_memory go test -race -count=1 -vet=off -timeout 30m $packages
	hard=(TestKillUnderLoad TestReplicasStoreOneHistory)
	step "kill -9 under load, two replicas, race detector" only raced_e2e "${hard[@]}"
	step "overload, a failing database, restarts" in_memory go test -count=1 -vet=off -timeout 10m ./internal/torture
	step "the program in use, and every page in a browser" browser -skip "^($(IFS='|'; echo "${hard[*]}"))$"
fi

printf '\nWhat passed, and how long it took:\n'
printf '%s\n' "${summary[@]}"
printf '%-68s %4d s\n' "all of it" $((SECONDS - from))
printf '%d passed, %d failed\n' $((${#summary[@]} - failed)) "$failed"
[ "$failed" = 0 ]
