"""A clinic for browser tests of dictation: a fake microphone that says two sentences, real servers, and a
wire between page and server that sees every frame and can be cut."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute

from accounts.models import User
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from speech.audio import wav_bytes
from speech.backends.espeak import EspeakSynthesizer
from speech.synthesizer import Voice
from tests.browser.servers import serving

TEXT = "病人血壓一百四十"  # what the engine hears in everything


@dataclass
class Clinic:
    address: str
    user: User


@dataclass
class Wire:
    """What the page sends, by sequence number. `losing`: frames leave the page and arrive nowhere."""

    context: BrowserContext
    frames: dict[int, bytes] = field(default_factory=dict)
    torn: list[int] = field(default_factory=list)  # frames that came again with another content
    losing: bool = False
    down: bool = False
    _ends: list[WebSocketRoute] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.route_web_socket(re.compile("/ws/live/"), self._join)

    def cut(self) -> None:
        """Both ends at once, in the middle of whatever is said; nobody gets through until `mend`."""
        self.down, self.losing = True, False
        for end in self._ends:
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        self.down = False

    @property
    def sound(self) -> bytes:
        assert sorted(self.frames) == list(range(len(self.frames))), "a frame was never sent"
        assert not self.torn
        return b"".join(self.frames[seq] for seq in sorted(self.frames))

    def _join(self, page: WebSocketRoute) -> None:
        if self.down:
            page.close()
            return
        server = page.connect_to_server()
        self._ends += [page, server]
        page.on_message(lambda message: self._carry(server, message))

    def _carry(self, server: WebSocketRoute, message: str | bytes) -> None:
        if isinstance(message, bytes):
            seq = int.from_bytes(message[:4], "little")
            if self.frames.setdefault(seq, message[4:]) != message[4:]:
                self.torn.append(seq)
            if self.losing:
                return
        server.send(message)


@contextmanager
def engine_of(text: str = TEXT) -> Iterator[str]:
    config = EngineConfig(base_model=f"fake:{text}", data_dir=Path("/nonexistent"))
    with serving(create_app(config)) as address:
        yield address


def spoken() -> np.ndarray:
    """Two sentences with a second of silence around each."""
    voice, quiet = EspeakSynthesizer(), np.zeros(16_000, np.float32)
    said = [
        voice.synthesize(text, Voice("cmn+f3")).samples
        for text in ("病人今天血壓一百四十", "每天早上吃一顆藥")
    ]
    return np.concatenate([quiet, said[0], quiet, said[1], quiet]).astype(np.float32)


def microphone_arguments(wav: Path) -> list[str]:
    wav.write_bytes(wav_bytes(spoken()))
    return [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={wav}%noloop",
        "--autoplay-policy=no-user-gesture-required",
    ]


def final_lines(page: Page) -> Locator:
    return page.locator("[data-live=transcript] [data-state=final]")


def state(page: Page) -> Locator:
    return page.locator("[data-live=state]")


def heard_within(recorded: np.ndarray, said: np.ndarray) -> bool:
    """Is the WAV's sound in what was stored, wherever it begins?"""
    kernel = said[16_000:48_000] - said[16_000:48_000].mean()
    size = 1 << (len(recorded) + len(kernel)).bit_length()
    spectrum = np.fft.rfft(recorded.astype(np.float64), size) * np.conj(np.fft.rfft(kernel, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(recorded) - len(kernel)]))
    return float(np.corrcoef(recorded[at : at + len(kernel)], kernel)[0, 1]) > 0.8
