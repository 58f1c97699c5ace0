# The usual commands. Each installs what it needs by itself (scripts/setup) and does its work in a script that can also
# be called alone; CMake presets build the parts.
#
# SPDX-License-Identifier: Apache-2.0
.PHONY: help demo demo-engine check check-fast bench sizes fuzz proof proof-mutants clean

help:
	@echo 'make demo         an emulated board, two tenants, containers over CoAP: installed, changed, updated, attacked'
	@echo 'make demo-engine  the engine alone: three containers keep their periods beside two that misbehave'
	@echo 'make check        every test on every target; ends with "N passed, N failed"'
	@echo 'make check-fast   the tests on Linux alone'
	@echo 'make bench        instructions of each workload, natively, in Atto and in peers [WORKLOADS=directory];'
	@echo '                  times and datagrams of a device over the network'
	@echo 'make sizes        flash and RAM of the parts of the library'
	@echo 'make fuzz         fuzz targets [SECONDS=60 for each]'
	@echo 'make proof        proves the files of proofs/files: no run-time error, isolation, termination'
	@echo 'make proof-mutants  breaks the code in many ways: the proof or a test must notice each (docs/MUTANTS.md)'
	@echo 'make clean        removes build/'

demo:
	@scripts/setup demo
	@scripts/demo

demo-engine:
	@scripts/setup demo
	@scripts/demo-engine

check:
	@scripts/setup check
	@scripts/check

check-fast:
	@scripts/setup check-fast
	@scripts/check --fast

bench:
	@scripts/setup bench
	@scripts/bench $(WORKLOADS)
	@scripts/bench-network

sizes:
	@scripts/setup sizes
	@scripts/sizes

fuzz:
	@scripts/setup fuzz
	@scripts/fuzz $(or $(SECONDS),60)

proof:
	@scripts/setup proof
	@scripts/proof

proof-mutants:
	@scripts/setup proof-mutants
	@scripts/proof-mutants

clean:
	rm -rf build
