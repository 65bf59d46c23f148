"""Adapters over one base: loaded when asked for, dropped when others are, never from under somebody."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from speech.backends.fake import FakeRecognizer
from speech.recognizer import DecodeOptions, ModelLoadError
from speech.types import Hypothesis

SECONDS_3 = bytes(96_000)
BASE = "fake:底"


class Shared(FakeRecognizer):
    """A base that holds adapters; its text says which one was used."""

    held: set[str]
    most_held = 0

    def __init__(self, ref: str) -> None:
        super().__init__(ref)
        type(self).held, type(self).most_held = set(), 0

    def adapter_load(self, folder: str) -> None:
        if Path(folder).name == "broken":
            raise ModelLoadError("no adapter_config.json in this folder")
        self.held.add(folder)
        type(self).most_held = max(self.most_held, len(self.held))

    def adapter_drop(self, folder: str) -> None:
        self.held.remove(folder)

    def transcribe(
        self, batch: Sequence[np.ndarray], options: DecodeOptions, adapter: str = ""
    ) -> list[Hypothesis]:
        assert not adapter or adapter in self.held, "the adapter is not there any more"
        text = f"底加{Path(adapter).name}" if adapter else "底"
        return [replace(one, text=text) for one in super().transcribe(batch, options)]


def merging(ref: str, adapter: str = "") -> FakeRecognizer:
    """A backend that can only merge."""
    return FakeRecognizer(f"fake:合{Path(adapter).name}" if adapter else ref)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("甲", "乙", "丙", "broken"):
        (tmp_path / "adapters" / name).mkdir(parents=True)
    return tmp_path


@asynccontextmanager
async def engine(folder: Path, loader=Shared, **values: int) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(EngineConfig(base_model=BASE, data_dir=folder, **values), loader, True)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://engine") as client,
    ):
        yield client


async def hear(client: httpx.AsyncClient, adapter: str) -> httpx.Response:
    query = {"adapter": f"adapters/{adapter}" if adapter else ""}
    return await client.post("/v1/transcribe", params=query, content=SECONDS_3)


async def test_each_request_is_heard_by_the_adapter_that_it_names(folder: Path) -> None:
    async with engine(folder) as client:
        texts = [(await hear(client, name)).json()["text"] for name in ("甲", "", "乙", "甲")]
    assert texts == ["底加甲", "底", "底加乙", "底加甲"]


async def test_the_answer_names_model_and_adapter(folder: Path) -> None:
    async with engine(folder) as client:
        body = (await hear(client, "甲")).json()
    assert (body["model"], body["adapter"]) == (BASE, str(folder / "adapters" / "甲"))


async def test_the_least_recently_used_adapter_is_dropped(folder: Path) -> None:
    async with engine(folder, adapters_kept=2) as client:
        for name in ("甲", "乙", "甲", "丙", "甲", "乙"):
            assert (await hear(client, name)).json()["text"] == f"底加{name}"
    assert Shared.most_held <= 3, "the newest is loaded before the oldest goes"


async def test_where_adapters_cannot_be_held_a_merged_copy_answers(folder: Path) -> None:
    async with engine(folder, merging) as client:
        texts = [(await hear(client, name)).json()["text"] for name in ("甲", "", "乙")]
    assert texts == ["合甲", "底", "合乙"]


@pytest.mark.parametrize(
    ("adapter", "status", "code"),
    [("丁", 404, "unknown_model"), ("../..", 404, "unknown_model"), ("broken", 422, "model_not_loadable")],
)
async def test_an_adapter_that_is_none_is_refused(folder: Path, adapter: str, status: int, code: str) -> None:
    async with engine(folder) as client:
        answer = await hear(client, adapter)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await hear(client, "甲")).status_code == 200
