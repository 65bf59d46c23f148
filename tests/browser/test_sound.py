"""Split, join, hear again, strips, spectrogram and the whole transcript in Chromium, with the keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from annotation.models import Draft, Hypothesis, Label, Segment, SegmentStatus
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from tests.annotation.sounds import spoken
from tests.browser.editing import DRAFT, WORDS, words_of
from tests.browser.servers import serving
from tests.factories import (
    make_hypothesis,
    make_live_model,
    make_recording,
    make_segment,
    make_user,
)

HEARD = "patient takes metformin"


@pytest.fixture
def segments(site):
    """Three neighbours of speech; the middle one has speech without words and words without speech."""
    recording = make_recording(site, samples=spoken())
    rows = [make_segment(recording, 2000 * at, 2000 * (at + 1), index=at, priority=9 - at) for at in range(3)]
    Segment.objects.filter(pk=rows[1].pk).update(speech_spans=[[0, 900], [1300, 2000]])
    make_hypothesis(rows[0], "病人今天")
    make_hypothesis(rows[1], DRAFT, words=words_of(WORDS, 150, 140))
    make_hypothesis(rows[2], "兩週後回診")
    return rows


@pytest.fixture
def engine(settings) -> Iterator[str]:
    config = EngineConfig(base_model=f"fake:{HEARD}", data_dir=Path("/nonexistent"))
    with serving(create_app(config)) as address:
        settings.AUSCULT_ENGINE_URL = address
        yield address


def open_segment(page: Page, segment: Segment) -> Page:
    page.goto(f"/correct/{segment.uuid}/")
    page.wait_for_selector("[data-mounted]:not([hidden])")
    return page


def put_caret(page: Page, at: int, to: int | None = None) -> None:
    page.evaluate("([at, to]) => { text.focus(); text.setSelectionRange(at, to); }", [at, to or at])


def opened(page: Page, text: str) -> None:
    expect(page.locator("#text")).to_have_value(text)
    page.wait_for_selector("[data-mounted]:not([hidden])")


def test_a_split_and_a_join_back_are_one_key_each_and_keep_every_letter(page_of, expert, segments):
    page = open_segment(page_of(expert), segments[1])
    page.locator("#text").fill("服用 Metformin 五百毫克")
    put_caret(page, len("服用 Metformin "))
    page.keyboard.press("Alt+KeyX")
    opened(page, "服用 Metformin ")
    assert Segment.objects.current().count() == 4
    expect(page.locator("[data-neighbour=next]")).to_contain_text("五百毫克")
    page.keyboard.press("Alt+BracketRight")
    opened(page, "服用 Metformin 五百毫克")
    page.wait_for_function("text.selectionStart === 13")  # where they met: the same key parts them again
    page.keyboard.press("Alt+KeyX")
    opened(page, "服用 Metformin ")
    page.keyboard.press("Control+Enter")
    opened(page, "五百毫克")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("病人今天")
    assert sorted(Label.objects.values_list("text", flat=True)) == ["五百毫克", "服用 Metformin"]


def test_a_join_that_is_refused_is_said_and_the_text_stays(page_of, expert, segments):
    Segment.objects.filter(pk=segments[2].pk).update(status=SegmentStatus.DONE)
    page = open_segment(page_of(expert), segments[1])
    page.locator("#text").fill("我的字")
    page.keyboard.press("Alt+BracketRight")
    expect(page.locator("[data-problem]")).to_have_text("That neighbour is corrected already.")
    expect(page.locator("#text")).to_have_value("我的字")


def test_a_neighbour_is_a_key_away_and_what_was_typed_is_kept(page_of, expert, segments):
    page = open_segment(page_of(expert), segments[1])
    page.locator("#text").fill("打到一半")
    page.keyboard.press("Alt+Comma")
    opened(page, "病人今天")
    assert Draft.objects.get(segment=segments[1]).text == "打到一半"
    page.locator("[data-neighbour=next]").click()
    opened(page, "打到一半")


def test_a_neighbour_in_other_hands_is_a_sentence_on_this_page(page_of, site, expert, segments):
    colleague = make_user(Role.EXPERT, site=site)
    open_segment(page_of(colleague), segments[0])
    page = open_segment(page_of(expert), segments[1])
    page.keyboard.press("Alt+Comma")
    expect(page.locator("[data-problem]")).to_have_text("Somebody else is correcting this segment.")
    expect(page.locator("#text")).to_have_value(DRAFT)


def test_the_selected_words_are_heard_again_and_taken_as_if_typed(page_of, expert, segments, engine):
    make_live_model(f"fake:{HEARD}")
    page = open_segment(page_of(expert), segments[1])
    put_caret(page, DRAFT.index("met"), DRAFT.index("met") + len("met form"))
    page.keyboard.press("Alt+KeyM")
    expect(page.locator("[data-hear-model] option")).to_have_count(1)
    page.get_by_role("button", name="as English").click()
    panel = page.locator("[data-heard]")
    expect(panel).to_contain_text(HEARD)
    expect(panel).to_contain_text("in place of “met forming”")  # whole words
    expect(page.locator("#text")).to_have_value(DRAFT)
    page.keyboard.press("Alt+KeyY")
    expect(page.locator("#text")).to_have_value(f"服用 {HEARD} 五百毫克")
    expect(panel).to_be_hidden()
    page.keyboard.press("Control+KeyZ")
    expect(page.locator("#text")).to_have_value(DRAFT)
    row = Hypothesis.objects.get(asked_by=expert)
    assert row.settings["language"] == "en" and row.settings["span_ms"] == [150, 740]
    assert Segment.objects.get(pk=segments[1].pk).hypothesis.text == DRAFT


def test_an_engine_that_is_away_loses_nothing(page_of, expert, segments, settings):
    settings.AUSCULT_ENGINE_URL = "http://127.0.0.1:9"
    make_live_model(f"fake:{HEARD}")
    page = open_segment(page_of(expert), segments[1])
    page.locator("#text").fill("我的字")
    page.keyboard.press("Alt+KeyM")
    page.get_by_role("button", name="as Chinese").click()
    expect(page.locator("[data-problem]")).to_contain_text("The recogniser does not answer now")
    expect(page.locator("#text")).to_have_value("我的字")


def test_strips_say_in_words_and_shape_where_speech_and_words_do_not_meet(page_of, expert, segments):
    page = open_segment(page_of(expert), segments[1])
    expect(page.locator(".strip-unwritten")).to_have_text(["speech without words"])
    expect(page.locator("[data-strips-legend]")).to_contain_text("speech without words: 1")
    box, wave = (page.locator(name).bounding_box() for name in (".strip-unwritten", "[data-waveform]"))
    assert box and wave and abs((box["x"] - wave["x"]) / wave["width"] - 0.695) < 0.02
    page.locator(".strip-unwritten").click()  # plays from a second before
    page.wait_for_function("document.querySelector('[data-now]').textContent !== '0:00.0'")


def test_the_spectrogram_is_fetched_when_it_is_asked_for(page_of, expert, segments):
    page = page_of(expert)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_segment(page, segments[1])
    page.wait_for_function("document.querySelector('[data-now]').textContent !== '0:00.0'")
    assert not [url for url in asked if "plugins/spectrogram" in url]
    before = page.locator("#text").bounding_box()
    page.keyboard.press("Alt+KeyG")
    expect(page.locator("[data-spectrogram] canvas").first).to_be_visible()
    drawn = """() => [...document.querySelectorAll("[data-spectrogram] canvas")].some((canvas) => {
      if (!canvas.width) return false;
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return new Set(data.filter((_, i) => i % 4 === 0)).size > 20;
    })"""
    page.wait_for_function(drawn)
    assert page.locator("[data-spectrogram]").bounding_box()["height"] == 160
    page.keyboard.press("Alt+KeyG")
    expect(page.locator("[data-spectrogram]")).to_be_hidden()
    assert page.locator("#text").bounding_box() == before


def open_transcript(page: Page, segments) -> Page:
    page.goto(f"/recordings/{segments[0].recording.uuid}/transcript/")
    page.wait_for_selector("[data-mounted]:not([hidden])")
    return page


def test_a_recording_is_corrected_line_by_line_with_the_keyboard(page_of, expert, segments):
    page = open_transcript(page_of(expert), segments)
    lines = page.locator(".line textarea")
    lines.first.click()
    page.keyboard.press("End")
    page.keyboard.type("有燒")
    expect(page.locator(".line-state").first).to_have_text("draft saved")
    segment = Segment.objects.get(pk=segments[0].pk)
    assert (segment.status, segment.claimed_by) == (SegmentStatus.CLAIMED, expert)
    page.keyboard.press("Control+Enter")
    expect(lines.nth(1)).to_be_focused()
    expect(page.locator(".line-state").first).to_have_text("corrected")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    expect(lines.nth(1)).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(lines.nth(2)).to_be_focused()
    assert list(Label.objects.order_by("pk").values_list("text", flat=True)) == ["病人今天有燒", DRAFT]
    assert Segment.objects.get(pk=segments[2].pk).status == SegmentStatus.OPEN  # nothing else was taken


SLOW_SUBMITS = """() => {
  const send = fetch;
  window.fetch = async (url, options) => {
    if (url.endsWith("/submit/")) await new Promise((go) => setTimeout(go, 1000));
    return send(url, options);
  };
}"""


def test_what_is_typed_while_a_line_is_being_confirmed_stays_and_is_confirmed_next(page_of, expert, segments):
    page = open_transcript(page_of(expert), segments)
    page.evaluate(SLOW_SUBMITS)
    lines = page.locator(".line textarea")
    lines.first.click()
    page.keyboard.press("End")
    page.keyboard.insert_text("有燒")
    with page.expect_response(re.compile("/submit/")):
        page.keyboard.press("Control+Enter")
        page.keyboard.insert_text("三天")
    expect(page.locator(".line-state").first).to_have_text("draft saved")
    expect(lines.first).to_have_value("病人今天有燒三天")
    expect(lines.first).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(lines.nth(1)).to_be_focused()
    texts = list(Label.objects.order_by("version").values_list("text", flat=True))
    assert texts == ["病人今天有燒", "病人今天有燒三天"]


def test_a_line_in_other_hands_says_so_and_keeps_what_is_typed(page_of, site, expert, segments):
    colleague = make_user(Role.EXPERT, site=site)
    page = open_transcript(page_of(expert), segments)
    open_segment(page_of(colleague), segments[0])
    refusal = "Somebody else is correcting this segment."
    with page.expect_response(re.compile("/draft/")):
        page.locator(".line textarea").first.fill("我也在寫")
        expect(page.locator(".line-state").first).to_contain_text(refusal)
        page.locator(".line textarea").nth(1).click()  # leaving the line saves it
    assert Draft.objects.get(author=expert).text == "我也在寫"


def test_a_line_plays_and_the_waveform_leads_to_a_line(page_of, expert, segments):
    page = open_transcript(page_of(expert), segments)
    button = page.locator(".line [data-play]").nth(1)
    button.click()
    expect(button).to_have_text("■")
    page.wait_for_function("document.querySelector('[data-now]').textContent.startsWith('0:02')")
    box = page.locator("[data-wave]").bounding_box()
    duration_ms = segments[0].recording.duration_ms
    page.mouse.click(box["x"] + box["width"] * 4500 / duration_ms, box["y"] + 20)
    expect(page.locator(".line textarea").nth(2)).to_be_focused()


def test_the_transcript_is_reached_from_the_segment_and_opens_at_its_line(page_of, expert, segments):
    page = open_segment(page_of(expert), segments[1])
    page.get_by_role("link", name="Whole transcript").click()
    page.wait_for_url(re.compile("/transcript/#s-"))
    expect(page.locator(f"#s-{segments[1].uuid} textarea")).to_have_value(DRAFT)
