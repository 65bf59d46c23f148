"""How fast the next segment comes: fifty experts at once, while recordings are imported.

Both databases where they listen, each filled afresh. Peers: the claim in random order, as Label Studio and
Common Voice do it, in the same run; their own figures stand beside it.
Run: `python -m benchmarks.queue [--quick]`
"""

import argparse
import subprocess
import sys

from benchmarks.database import POSTGRES_URL, databases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 segments in place of 1,000,000")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], help="only this one")
    arguments = parser.parse_args()
    found = databases()
    if "postgresql" not in found:
        print(f"PostgreSQL does not listen at {POSTGRES_URL}: left out.", file=sys.stderr)
    for database in found:
        if arguments.database in (None, database):
            scale = ["--quick"] if arguments.quick else []
            # A process each: Django is set up for one database in the life of a process.
            subprocess.run([sys.executable, "-m", "benchmarks.queue.measure", database, *scale], check=True)


if __name__ == "__main__":
    main()
