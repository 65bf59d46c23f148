"""The recordings' page in Chromium: each dropped file with its own result; segments played from the list."""

import io

import pytest
import soundfile
from playwright.sync_api import Page, expect

from accounts.models import Role
from annotation.models import Recording
from base import jobs
from tests.factories import make_recording, make_segment, make_site, make_tone, make_user


@pytest.fixture
def site(transactional_db, monkeypatch):
    monkeypatch.setattr(jobs, "_enqueue", lambda job, pk: None)
    return make_site()


@pytest.fixture
def page(page_of, site) -> Page:
    page = page_of(make_user(Role.EXPERT, site=site))
    page.on("pageerror", lambda error: pytest.fail(f"script error on the page: {error}"))
    return page


def sound_file(name: str) -> dict[str, object]:
    buffer = io.BytesIO()
    soundfile.write(buffer, make_tone(500), 16_000, format="WAV")
    return {"name": name, "mimeType": "audio/wav", "buffer": buffer.getvalue()}


def test_each_dropped_file_shows_its_own_result(page):
    page.goto("/recordings/")
    text = {"name": "notes.wav", "mimeType": "audio/wav", "buffer": b"no sound"}
    page.set_input_files("#files", [sound_file("round.wav"), text, sound_file("again.wav")])
    results = page.locator("[data-results] li")
    expect(results).to_have_count(3)
    expect(results.filter(has_text="round.wav").locator(".badge-ok")).to_be_visible()
    expect(results.filter(has_text="notes.wav").locator(".badge-bad")).to_be_visible()
    expect(results.filter(has_text="again.wav")).to_contain_text("already")
    # The table under it shows the new recording without a reload.
    expect(page.locator("#recordings").get_by_role("link", name="round.wav")).to_be_visible()
    assert Recording.objects.get().title == "round.wav"


def test_segments_are_played_one_at_a_time(page, site):
    recording = make_recording(site, audio=True, duration_ms=9000)
    for at in range(2):
        make_segment(recording, 4000 * at, 4000 * (at + 1), text="血壓")
    page.goto(f"/recordings/{recording.uuid}/")
    first, second = page.locator("[data-audio]").all()
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "false")


def test_the_theme_switch_is_remembered(page):
    page.goto("/recordings/")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
