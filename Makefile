VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help run build test test-all torture fuzz generate bench-intake bench-pages bench-segments bench-log bench-automations screenshots

help: ## print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

run: build ## build and start the program: SQLite under data/, http://localhost:8080
	@bin/campaignlark

build: ## write bin/campaignlark
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/campaignlark ./web

test: ## what a change can break, in minutes: both databases, vet, docs, the main job in a browser
	@scripts/test.sh

test-all: ## the same in full, with the race detector, kill -9, replicas, torture in short, and every page in a browser
	@scripts/test.sh all

torture: ## overload, a failing database, rolling restarts, full load for minutes: half an hour, on a quiet machine
	@scripts/test.sh torture

fuzz: ## run each fuzz target for a minute
	@scripts/fuzz.sh

generate: ## write the *_templ.go files anew
	go generate ./...

BASE ?= 974aacc
bench-intake: ## measure the endpoint on both databases against the program of a commit: BASE=<commit>
	@BASE=$(BASE) scripts/bench-intake.sh

CONTACTS ?= 100000
bench-pages: ## measure every page of a full workspace on both databases: time, statements, bytes; another size with CONTACTS=<number>
	@mkdir -p bin && CGO_ENABLED=0 go build -o bin/bench ./internal/bench && bin/bench pages -contacts $(CONTACTS)

bench-segments: ## measure segments at 1,000,000 contacts on both databases against hand-written SQL
	@mkdir -p bin && CGO_ENABLED=0 go build -o bin/bench ./internal/bench && bin/bench segments

CALLS ?= 10000000
bench-log: ## measure the request log with 10,000,000 calls on Postgres and a tenth on SQLite; less with CALLS=<number>
	@mkdir -p bin && CGO_ENABLED=0 go build -o bin/bench ./internal/bench && bin/bench log -calls $(CALLS)

bench-automations: ## measure the intake with an automation, deliveries, and the pick-up of runs among 1,000,000 that wait
	@mkdir -p bin && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/campaignlark ./web && CGO_ENABLED=0 go build -o bin/bench ./internal/bench && bin/bench automations -program bin/campaignlark

screenshots: ## take the README's picture anew, from a program that was filled for it
	PICTURES=$(CURDIR)/docs CGO_ENABLED=0 go test -tags screenshots ./internal/e2e -count=1 -run TestReadmePicture
