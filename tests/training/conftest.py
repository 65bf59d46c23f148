"""The tiny base, once a session; one thread, because two are slower on models of this size."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from tests.training.tiny import make_base

    torch.set_num_threads(1)
    return make_base(tmp_path_factory.mktemp("tiny-base"))
