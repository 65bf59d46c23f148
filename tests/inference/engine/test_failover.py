"""The accelerator goes and comes back; the utterances that were in it are not lost."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest

from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.engine.device import Device
from inference.engine.failover import Failover, is_device_lost, is_out_of_memory
from inference.engine.metrics import Metrics
from inference.engine.queue import Job, Lane
from speech.backends.fake import FakeRecognizer
from speech.recognizer import DecodeOptions, ModelLoadError
from speech.types import Hypothesis

BASE = "fake:病人血壓一百四十"
CONFIG = EngineConfig(base_model=BASE, data_dir=Path("/nonexistent"))


class Gate:
    """Holds whoever comes on the accelerator until it is opened; open where nobody closes it."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.opened.set()

    def close(self) -> None:
        self.reached.clear()
        self.opened.clear()

    def passed(self) -> None:
        self.reached.set()
        assert self.opened.wait(5)


class Accelerator:
    """Loads recognisers on itself, or on the CPU when asked; breaks on command."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.rows_that_fit = 99
        self.loaded_on: list[str] = []
        self.decoding, self.loading, self.adapting = Gate(), Gate(), Gate()

    def load(self, ref: str, device: str = "cuda") -> "OnDevice":
        if device == "cuda" and self.error:
            raise self.error
        self.loaded_on.append(device)
        if device == "cuda":
            self.loading.passed()
        return self.kind(ref, device, self)

    @property
    def kind(self) -> "type[OnDevice]":
        return OnDevice


class OnDevice(FakeRecognizer):
    def __init__(self, ref: str, device: str, accelerator: Accelerator) -> None:
        super().__init__(ref)
        self.device, self.accelerator = device, accelerator

    def transcribe(self, batch: Sequence[np.ndarray], options: DecodeOptions) -> list[Hypothesis]:
        if self.device == "cuda":
            self.accelerator.decoding.passed()
        if self.device == "cuda" and self.accelerator.error:
            raise self.accelerator.error
        if len(batch) > self.accelerator.rows_that_fit:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().transcribe(batch, options)


class SharedOnDevice(OnDevice):
    """Holds adapters beside its weights."""

    names: tuple[str, ...] = ()

    def load(self, name: str, folder: Path) -> None:
        if self.device == "cuda":
            self.accelerator.adapting.passed()
        self.names = (*self.names, name)

    def drop(self, name: str) -> None:
        self.names = tuple(one for one in self.names if one != name)

    def transcribe(
        self, batch: Sequence[np.ndarray], options: DecodeOptions, adapters: Sequence[str] = ()
    ) -> list[Hypothesis]:
        assert set(adapters) <= set(self.names)
        return super().transcribe(batch, options)


class SharingAccelerator(Accelerator):
    @property
    def kind(self) -> type[OnDevice]:
        return SharedOnDevice


def jobs(count: int, model: str = BASE, adapter: str = "") -> list[Job]:
    sound = np.zeros(16_000, np.float32)
    return [Job(sound, model, DecodeOptions(), Lane.FINAL, str(n), 0, adapter) for n in range(count)]


def test_a_lost_accelerator_loses_no_utterance() -> None:
    accelerator = Accelerator()
    device = Device(accelerator.load, CONFIG, Metrics())
    assert [found.text for found in device.decode(jobs(2))] == ["病人血壓一百四十"] * 2
    assert device.name == "cuda"
    accelerator.error = RuntimeError("CUDA error: an illegal memory access was encountered")
    assert [found.text for found in device.decode(jobs(3))] == ["病人血壓一百四十"] * 3
    assert (device.name, device.failover.is_lost) == ("cpu", True)


LOST = RuntimeError("CUDA error: an illegal memory access was encountered")


def test_a_loss_that_another_thread_met_first_costs_no_final_in_hand() -> None:
    accelerator, found = Accelerator(), []
    device = Device(accelerator.load, CONFIG, Metrics())
    device.decode(jobs(1))
    accelerator.decoding.close()
    decoding = threading.Thread(target=lambda: found.extend(device.decode(jobs(2))))
    decoding.start()
    assert accelerator.decoding.reached.wait(5)
    accelerator.error = LOST
    assert device.request("fake:另一", "").result(5).device == "cpu"
    assert device.failover.is_lost
    accelerator.decoding.opened.set()
    decoding.join(5)
    assert [one.text for one in found] == ["病人血壓一百四十"] * 2


def test_a_model_that_was_being_loaded_at_the_loss_is_loaded_on_the_cpu() -> None:
    accelerator = Accelerator()
    device = Device(accelerator.load, CONFIG, Metrics())
    device.decode(jobs(1))
    accelerator.loading.close()
    waiting = device.request("fake:另一", "")
    assert accelerator.loading.reached.wait(5)
    lost = threading.Thread(target=device.decode, args=[jobs(1)])
    accelerator.error = LOST
    lost.start()
    for _ in range(500):
        if device.failover.is_lost:
            break
        time.sleep(0.01)
    accelerator.loading.opened.set()
    assert waiting.result(5).device == "cpu"
    lost.join(5)
    assert device.decode(jobs(1, "fake:另一"))[0].text == "另一"
    assert {device.cache.get(ref).device for ref in device.cache.refs()} == {"cpu"}


def test_an_adapter_that_was_being_loaded_at_the_loss_is_loaded_on_the_cpu() -> None:
    accelerator = SharingAccelerator()
    device = Device(accelerator.load, CONFIG, Metrics())
    device.decode(jobs(1))
    accelerator.adapting.close()
    waiting = device.request(BASE, "site")
    assert accelerator.adapting.reached.wait(5)
    accelerator.error = LOST
    assert device.decode(jobs(1))[0].text == "病人血壓一百四十"
    accelerator.adapting.opened.set()
    assert waiting.result(5).base is device.cache.get(BASE)
    assert device.decode(jobs(2, adapter="site"))[1].text == "病人血壓一百四十"


def test_a_loss_that_only_an_adapter_meets_is_one() -> None:
    class Failing(SharedOnDevice):
        def load(self, name: str, folder: Path) -> None:
            if self.device == "cuda":
                raise ModelLoadError(
                    "The adapter could not be loaded: CUDA error: unspecified launch failure"
                )
            super().load(name, folder)

    accelerator = Accelerator()
    device = Device(lambda ref, device="cuda": Failing(ref, device, accelerator), CONFIG, Metrics())
    assert device.decode(jobs(1, adapter="site"))[0].text == "病人血壓一百四十"
    assert device.failover.is_lost


def test_it_goes_back_when_the_accelerator_answers_again() -> None:
    accelerator = Accelerator()
    device = Device(accelerator.load, CONFIG, Metrics())
    accelerator.error = RuntimeError("CUDA failed with error unspecified launch failure")
    device.decode(jobs(1))
    assert not device.try_again()
    assert device.failover.is_lost
    accelerator.error = None
    assert device.try_again()
    assert (device.name, device.failover.is_lost) == ("cuda", False)
    assert device.decode(jobs(1))[0].text == "病人血壓一百四十"
    assert accelerator.loaded_on == ["cpu", "cuda"]


def test_a_batch_that_is_too_large_is_halved() -> None:
    accelerator = Accelerator()
    accelerator.rows_that_fit = 3
    device = Device(accelerator.load, CONFIG, Metrics())
    assert len(device.decode(jobs(8))) == 8
    assert not device.failover.is_lost


def test_another_error_is_not_hidden() -> None:
    accelerator = Accelerator()
    device = Device(accelerator.load, CONFIG, Metrics())
    accelerator.error = ValueError("no such language")
    with pytest.raises(ValueError, match="no such language"):
        device.decode(jobs(1))
    assert not device.failover.is_lost


@pytest.mark.parametrize(
    ("error", "lost", "memory"),
    [
        (RuntimeError("CUDA error: device-side assert triggered"), True, False),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED"), True, False),
        (RuntimeError("CUDA failed with error out of memory"), True, True),
        (RuntimeError("expected a tensor of 80 mels"), False, False),
    ],
)
def test_what_counts_as_lost(error: Exception, lost: bool, memory: bool) -> None:
    assert (is_device_lost(error), is_out_of_memory(error)) == (lost, memory)


def test_it_asks_for_the_accelerator_less_and_less_often() -> None:
    failover = Failover()
    failover.lost(0)
    assert (failover.is_due(59), failover.is_due(60)) == (False, True)
    failover.still_lost(60)
    assert (failover.is_due(179), failover.is_due(180)) == (False, True)
    failover.regained()
    assert not failover.is_due(10_000)


async def test_a_caller_gets_its_text_and_is_told_that_the_accelerator_is_gone() -> None:
    accelerator = Accelerator()
    app = create_app(CONFIG, accelerator.load, warm_before_serving=True)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://engine") as client,
    ):
        accelerator.error = RuntimeError("CUDA error: unspecified launch failure")
        heard = (await client.post("/v1/transcribe", content=bytes(64_000))).json()
        load = (await client.get("/v1/load")).json()
        assert (heard["text"], heard["fallback"]) == ("病人血壓一百四十", True)
        assert (load["device"], load["fallback"], load["accepts"]) == ("cpu", True, True)
        accelerator.error = None
        app.state.engine.device.try_again()
        heard = (await client.post("/v1/transcribe", content=bytes(64_000))).json()
        assert (heard["text"], heard["fallback"]) == ("病人血壓一百四十", False)
