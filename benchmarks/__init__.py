"""Measured figures. `python -m benchmarks.<name> [--quick]` prints one JSON line a figure."""
