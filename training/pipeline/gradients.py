"""Proof that nothing which is said to be trained stands still: gradients are noticed as they arrive."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from training.pipeline.methods.interface import trained_parameters


@contextmanager
def reaching_everything(model: nn.Module) -> Iterator[None]:
    """RuntimeError at the end of the block when a trained parameter got no gradient in it.

    By hooks, because ZeRO drops gradients before anybody can look at them.
    """
    missing = dict(trained_parameters(model))
    handles = [
        parameter.register_post_accumulate_grad_hook(lambda _, name=name: missing.pop(name, None))
        for name, parameter in list(missing.items())
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    if missing:
        raise RuntimeError(f"No gradient reached {len(missing)} parameters, first {next(iter(missing))}.")
