"""`python -m benchmarks [--quick]`: every benchmark, one after the other."""

import runpy

BENCHMARKS = ("queue", "decode")

if __name__ == "__main__":
    for name in BENCHMARKS:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
