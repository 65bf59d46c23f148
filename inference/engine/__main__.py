"""`python -m inference.engine [--host H] [--port P]`: the engine process."""

import argparse
import logging
import os

# Before torch is imported. Half of the cores: web and worker need the rest, and OpenMP's threads wait for the
# slowest of them (2 threads on 2 busy cores: seconds where 1 takes 0.3 s). Waiting must not burn a core.
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# oneDNN keeps what it prepared for every shape, up to 1,024 of them, and speech has every length: memory grew
# for hours. 64 hold the shapes of fixed windows; the others are prepared anew (8 % more time).
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")

from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.engine.drain import DrainingServer


def main() -> None:
    config = EngineConfig.from_environment()
    parser = argparse.ArgumentParser(prog="python -m inference.engine", description=__doc__)
    parser.add_argument("--host", default=config.host)
    parser.add_argument("--port", type=int, default=config.port)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    DrainingServer(create_app(config), arguments.host, arguments.port, config.drain_s).run()


if __name__ == "__main__":
    main()
