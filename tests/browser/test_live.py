"""The live page in Chromium: a fake microphone plays a WAV, the page shows the sentence."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from accounts.models import Role, User
from base.storage import data_path
from config.asgi import application
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.models import LiveSession
from speech.audio import wav_bytes
from speech.backends.espeak import EspeakSynthesizer
from speech.synthesizer import Voice
from tests.browser.servers import serving
from tests.factories import PASSWORD, make_live_model, make_user

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TEXT = "病人血壓一百四十"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
    pytest.mark.django_db(transaction=True),
]


@dataclass
class Clinic:
    address: str
    user: User
    dictation: Path


@contextmanager
def engine_of(text: str = TEXT) -> Iterator[str]:
    config = EngineConfig(base_model=f"fake:{text}", data_dir=Path("/nonexistent"))
    with serving(create_app(config)) as address:
        yield address


@pytest.fixture
def clinic(tmp_path, settings, monkeypatch) -> Iterator[Clinic]:
    """A clinician, a live model that always hears TEXT, and two spoken sentences in a WAV."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the test asks the database beside Playwright
    settings.DATA_DIR = tmp_path
    wav = tmp_path / "spoken.wav"
    wav.write_bytes(wav_bytes(spoken()))
    make_live_model(f"fake:{TEXT}")
    with engine_of() as engine:
        settings.AUSCULT_ENGINE_URL = engine
        with serving(application) as address:
            yield Clinic(address, make_user(Role.CLINICIAN), wav)


def spoken() -> np.ndarray:
    """Two sentences with a second of silence around each."""
    voice, quiet = EspeakSynthesizer(), np.zeros(16_000, np.float32)
    said = [
        voice.synthesize(text, Voice("cmn+f3")).samples
        for text in ("病人今天血壓一百四十", "每天早上吃一顆藥")
    ]
    return np.concatenate([quiet, said[0], quiet, said[1], quiet]).astype(np.float32)


@contextmanager
def browser_of(clinic: Clinic) -> Iterator[BrowserContext]:
    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={clinic.dictation}%noloop",
        "--autoplay-policy=no-user-gesture-required",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        context = browser.new_context(permissions=["microphone"], locale="en-GB")
        try:
            yield context
        finally:
            browser.close()


def open_live(context: BrowserContext, clinic: Clinic) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error on the page: {error}"))
    page.goto(f"{clinic.address}/login/?next=/live/")
    page.fill("input[name=username]", clinic.user.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/live/")
    return page


def final_lines(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("[data-live=transcript] p[data-state=final]")


def wait_for_recording(session: LiveSession, seconds: float = 20) -> LiveSession:
    deadline_s = time.monotonic() + seconds
    while session.recording is None and time.monotonic() < deadline_s:
        time.sleep(0.1)
        session = LiveSession.objects.select_related("recording").get(pk=session.pk)
    return session


def test_what_is_said_into_the_microphone_appears_and_is_stored(clinic):
    with browser_of(clinic) as context:
        page = open_live(context, clinic)
        page.get_by_role("button", name="Start dictation").click()
        expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
        expect(page.locator("[data-live=state]")).to_contain_text("Saved to 0:")
        page.get_by_role("button", name="Finish").click()
        expect(page.locator("[data-live=state]")).to_contain_text("Finished", timeout=20_000)
        expect(page.get_by_role("link", name="Open the recording")).to_be_visible(timeout=20_000)
    session = wait_for_recording(LiveSession.objects.get())
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]
    sound = np.frombuffer(data_path(session.recording.original_path).read_bytes()[44:], np.int16)
    assert len(sound) // 16 == session.received_ms
    assert heard_within(sound, spoken())


def heard_within(recorded: np.ndarray, said: np.ndarray) -> bool:
    """Is the WAV's sound in what was stored, wherever it begins?"""
    kernel = said[16_000:48_000] - said[16_000:48_000].mean()
    size = 1 << (len(recorded) + len(kernel)).bit_length()
    spectrum = np.fft.rfft(recorded.astype(np.float64), size) * np.conj(np.fft.rfft(kernel, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(recorded) - len(kernel)]))
    return float(np.corrcoef(recorded[at : at + len(kernel)], kernel)[0, 1]) > 0.8


def test_pausing_makes_the_last_words_final_and_lets_the_microphone_go(clinic):
    with browser_of(clinic) as context:
        page = open_live(context, clinic)
        page.get_by_role("button", name="Start dictation").click()
        expect(page.locator("[data-live=transcript] p").first).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="Pause").click()
        expect(final_lines(page).first).to_have_text(TEXT, timeout=10_000)
        expect(page.locator("[data-live=state]")).to_contain_text("microphone is off")
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("[data-live=state]")).to_contain_text("Saved to")


def test_a_connection_that_breaks_comes_back_and_nothing_is_lost(clinic):
    with browser_of(clinic) as context:
        page = open_live(context, clinic)
        page.add_init_script(
            "const Real = WebSocket; window.sockets = [];"
            "window.WebSocket = class extends Real { constructor(...a) { super(...a); sockets.push(this); } }"
        )
        page.reload()
        page.get_by_role("button", name="Start dictation").click()
        expect(page.locator("[data-live=state]")).to_contain_text("Saved to 0:01", timeout=20_000)
        page.evaluate("sockets.at(-1).close()")
        expect(page.locator("[data-live=state]")).to_contain_text("reconnecting")
        expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
        page.get_by_role("button", name="Finish").click()
        expect(page.locator("[data-live=state]")).to_contain_text("Finished", timeout=20_000)
    session = wait_for_recording(LiveSession.objects.get())
    sound = np.frombuffer(data_path(session.recording.original_path).read_bytes()[44:], np.int16)
    assert heard_within(sound, spoken())


def test_without_an_engine_the_page_says_so_and_keeps_the_sound(clinic, settings):
    settings.AUSCULT_ENGINE_URL = "http://127.0.0.1:9"
    with browser_of(clinic) as context:
        page = open_live(context, clinic)
        page.get_by_role("button", name="Start dictation").click()
        state = page.locator("[data-live=state]")
        expect(state).to_contain_text("Recognition does not answer", timeout=20_000)
        expect(state).to_contain_text("Saved to")


def test_a_demo_dictation_takes_the_way_of_the_microphone(clinic, monkeypatch):
    monkeypatch.setattr("inference.views.live.knows_demo_voices_only", lambda model: True)
    folder = data_path("demo/dictations")
    folder.mkdir(parents=True)
    shutil.copy(clinic.dictation, folder / "one.wav")
    (folder / "one.txt").write_text("病人今天血壓一百四十")
    with browser_of(clinic) as context:
        page = open_live(context, clinic)
        expect(page.get_by_text("understands the synthetic demo voices only")).to_be_visible()
        page.get_by_role("button", name="Play instead of the microphone").click()
        expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
        expect(page.locator("[data-live=state]")).to_contain_text("Finished", timeout=20_000)
        expect(page.locator(".live-reference")).to_have_text("病人今天血壓一百四十")
    session = wait_for_recording(LiveSession.objects.get())
    sound = np.frombuffer(data_path(session.recording.original_path).read_bytes()[44:], np.int16)
    assert heard_within(sound, spoken())


def test_two_clinicians_dictate_at_the_same_time(clinic):
    other = make_user(Role.CLINICIAN)
    with browser_of(clinic) as first:
        second = first.browser.new_context(permissions=["microphone"], locale="en-GB")
        pages = [
            open_live(first, clinic),
            open_live(second, Clinic(clinic.address, other, clinic.dictation)),
        ]
        for page in pages:
            page.get_by_role("button", name="Start dictation").click()
        for page in pages:
            expect(final_lines(page).first).to_have_text(TEXT, timeout=20_000)
    assert LiveSession.objects.values("user").distinct().count() == 2
    assert threading.active_count() < 60
