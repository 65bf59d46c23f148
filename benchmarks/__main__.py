"""`python -m benchmarks [--quick]`: the benchmarks with figures to hold, one after the other.

`benchmarks.soak` (hours) and `benchmarks.loop` (`make loop`) are run by themselves.
"""

import subprocess
import sys

BENCHMARKS = (
    "active_learning",
    "ablation",
    "queue",
    "correction",
    "correction_long",
    "words",
    "decode",
    "transcribe",
    "endpointing",
    "lost",
    "chaos",
    "training",
    "search",
    "live",
)

if __name__ == "__main__":
    # A process each: Django is set up for one database in the life of a process.
    for name in BENCHMARKS:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=True)
