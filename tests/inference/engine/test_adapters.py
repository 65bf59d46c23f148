"""Adapters over one base: loaded when asked for, dropped when others are, never from under somebody."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest

from inference.engine.adapters import key_of
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.engine.device import Device
from inference.engine.metrics import Metrics
from speech.backends.fake import FakeRecognizer
from speech.recognizer import DecodeOptions, ModelLoadError, load
from speech.types import Hypothesis
from tests.speech.tiny_whisper import save_tiny_whisper

SECONDS_3 = bytes(96_000)
BASE = "fake:底"


class Shared(FakeRecognizer):
    """A base that holds adapters; its text says which one was used."""

    held: set[str]
    most_held = 0

    def __init__(self, ref: str) -> None:
        super().__init__(ref)
        type(self).held, type(self).most_held = set(), 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.held)

    def load(self, name: str, folder: Path) -> None:
        if folder.name == "broken":
            raise ModelLoadError("no adapter_config.json in this folder")
        self.held.add(name)
        type(self).most_held = max(self.most_held, len(self.held))

    def drop(self, name: str) -> None:
        self.held.remove(name)

    def transcribe(
        self,
        batch: Sequence[np.ndarray],
        options: DecodeOptions,
        adapters: Sequence[str] | None = None,
    ) -> list[Hypothesis]:
        assert self.held.issuperset(adapters or ()), "the adapter is not there any more"
        heard = super().transcribe(batch, options)
        names = [f"底加{Path(name).name}" for name in adapters or ()] or ["底"] * len(batch)
        return [replace(one, text=name) for one, name in zip(heard, names, strict=True)]


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


async def test_a_base_that_is_put_away_takes_its_adapters_along(folder: Path) -> None:
    config = EngineConfig(base_model=BASE, data_dir=folder, models_kept=1)
    device, key = Device(Shared, config, Metrics()), key_of(BASE, "甲")
    device.request(BASE, "甲").result(5)
    assert device.adapters.refs() == [key]
    device.request("fake:另一", "").result(5)
    device.close()  # waits for the loaders
    assert (device.cache.refs(), device.adapters.refs()) == (["fake:另一"], [])


def test_a_base_that_is_heard_through_its_adapters_only_is_not_the_first_to_go(folder: Path) -> None:
    device = Device(Shared, EngineConfig(base_model=BASE, data_dir=folder, models_kept=2), Metrics())
    for model, adapter in ((BASE, "甲"), ("fake:canary", ""), (BASE, "甲"), ("fake:third", "")):
        device.request(model, adapter).result(5)
    device.close()
    assert device.cache.refs() == [BASE, "fake:third"]
    assert device.adapters.refs() == [key_of(BASE, "甲")]


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


async def test_a_real_base_is_shared_by_real_adapters_and_by_none(tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    from transformers import WhisperForConditionalGeneration

    base = save_tiny_whisper(tmp_path / "base")
    for rank, name in ((2, "甲"), (4, "乙")):
        lora = peft.LoraConfig(r=rank, target_modules=["q_proj", "fc1"], init_lora_weights=False)
        tuned = peft.get_peft_model(WhisperForConditionalGeneration.from_pretrained(base), lora)
        tuned.save_pretrained(tmp_path / "adapters" / name)
    config = EngineConfig(str(base), tmp_path, backend="transformers", adapters_kept=1)
    app = create_app(config, partial(load, device="cpu"), warm_before_serving=True)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=60) as client,
    ):
        heard = [(await hear(client, name)).json() for name in ("", "甲", "乙", "", "甲")]
    surely = [body["avg_logprob"] for body in heard]
    assert (surely[0], surely[1]) == (pytest.approx(surely[3]), pytest.approx(surely[4]))
    assert len({round(one, 4) for one in surely}) == 3
    assert {body["backend"] for body in heard} == {"transformers"}
