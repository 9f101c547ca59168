# make          build, vet, staticcheck and test, as before a commit
# make test     the tests alone
# make race     the tests under the race detector, in a random order
# make bench    every figure of docs/benchmarks.md; needs nginx, wrk and strace
# make generate what is generated: the wire tables and docs/coverage.md
# make ci       what the continuous integration runs, installing what it needs

STATICCHECK = go run -modfile=tools/go.mod honnef.co/go/tools/cmd/staticcheck

.PHONY: all build lint test race bench generate ci

all: build lint test

build:
	go build ./...

lint:
	@test -z "$$(gofmt -l cmd internal test examples 2>/dev/null)" || { gofmt -l cmd internal test examples; echo "run gofmt -w on these files"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

test:
	go test ./...

race:
	go test -race -shuffle on ./...

bench:
	go run ./test/bench all -write docs/benchmarks.md

generate:
	go generate ./...
	go test ./internal/control -run TestCoverage -update

ci:
	bash .ci/run
