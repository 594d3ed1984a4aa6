# Everything here is a plain go command; make only shortens them.

.PHONY: run test bench ci

run: ## conformance of the sample plugins on the embedded mock
	go run . run

test: ## all tests
	go test ./...

bench: ## speed of the mock, as ratios to the floor, from one run
	go run ./suites/bench

ci: ## the gate, as CI runs it
	.ci/run
