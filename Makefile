# Each target is one line of scripts/. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run dev build test lint format soak bench setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## build what is missing and start the console with demo stores on http://127.0.0.1:8080
	@scripts/run

test: ## run every test
	@scripts/setup test && scripts/test

build: ## build the browser's part into dist/ and the binary target/release/calibr
	@scripts/setup run && scripts/build

dev: ## start the console and rebuild it on every change
	@scripts/dev

lint: ## check format, scripts, dependencies, types and lints
	@scripts/setup test && scripts/test format shell dependencies types lint lint-browser

format: ## format the Rust sources
	@cargo fmt --all

soak: ## kill three consoles thirty times over ten minutes while twelve stores answer badly
	@scripts/setup test && scripts/soak

bench: ## print the figures of bench/ as a table and as JSON lines
	@scripts/bench

setup: ## install what building, running and testing need
	@scripts/setup
