# Plain go commands under short names. "make" alone lists them.

.PHONY: help run test bench fuzz lint ci

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.* ## /\1	/p' Makefile | expand -t 12

run: ## check the mock server against every requirement
	go run . run

test: ## run all tests
	go test ./...

bench: ## measure the mock beside go-plugin alone, and BESIDE=./bao; figures in bin
	go run ./suites/tests/bench -json bin/bench.json -svg bin/bench.svg $(if $(BESIDE),-beside $(BESIDE))

fuzz: ## run each fuzz target for five seconds; FUZZTIME=1m for longer
	.ci/fuzz $(FUZZTIME)

recordings: ## record IMAGES (of all dialects without any) and compare them with the mock, in bin/recordings
	go run ./suites/tests/recordings $(if $(DEVIATIONS),-deviations $(DEVIATIONS)) $(IMAGES)

archive: ## make the release's archive for this machine in bin/
	go run ./suites/tests/release archive bin

lint: ## run the checks of the gate that come before its tests
	.ci/run lint

ci: ## run the gate, as CI does
	.ci/run
