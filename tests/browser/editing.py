"""What tests of the correction page share: a draft with its words, opening, typing, composing."""

from playwright.sync_api import Page, expect

from accounts.models import Site
from annotation.models import Segment
from tests.factories import make_hypothesis, make_recording, make_segment

DRAFT = "服用 met forming 五百毫克"
WORDS = ["服", "用", "met", "forming", "五", "百", "毫", "克"]
HEARD = "病人目前服用 met forming 五百毫克"
SURE = {"met": 0.2, "forming": 0.1}
PLAYING = "() => document.querySelector('[data-now]').textContent !== '0:00.0'"
NOW_MS = """() => {
    const [minutes, seconds] = document.querySelector('[data-now]').textContent.split(':');
    return 60_000 * minutes + 1000 * seconds;
}"""


def make_pair(site: Site) -> list[Segment]:
    """Two drafts with their sound, the first one served first."""
    recording = make_recording(site, audio=True, duration_ms=6000)
    texts = (HEARD, "血壓一百四十")
    return [
        make_segment(recording, 3000 * at, 3000 * (at + 1), text=text, priority=9 - at)
        for at, text in enumerate(texts)
    ]


def words_of(words: list[str], step_ms: int, length_ms: int | None = None) -> list[dict[str, object]]:
    """One after the other, every `step_ms`."""
    return [
        {
            "text": word,
            "start_ms": step_ms * at,
            "end_ms": step_ms * at + (length_ms or step_ms),
            "probability": SURE.get(word, 0.9),
        }
        for at, word in enumerate(words)
    ]


def make_draft(
    recording, start_ms=0, length_ms=8000, text=DRAFT, words=WORDS, step_ms=900, **fields
) -> Segment:
    """One draft whose words follow each other without a pause."""
    segment = make_segment(recording, start_ms, start_ms + length_ms, **fields)
    make_hypothesis(segment, text, words=words_of(words, step_ms))
    return segment


def open_next(page: Page) -> Page:
    page.goto("/correct/")
    page.wait_for_selector("[data-mounted]:not([hidden])")
    page.wait_for_function(PLAYING)  # it plays on arrival
    return page


def open_segment(page: Page, segment: Segment) -> Page:
    page.goto(f"/correct/{segment.uuid}/")
    page.wait_for_selector("[data-mounted]:not([hidden]) #text")
    return page


def text_of(page: Page) -> str:
    return page.locator("#text").input_value()


def type_at_end(page: Page, text: str) -> None:
    page.locator("#text").focus()
    page.keyboard.press("End")
    page.keyboard.insert_text(text)


def compose(page: Page, steps: list[str], result: str) -> None:
    """What an input method does: intermediate text, then the chosen one."""
    client = page.context.new_cdp_session(page)
    for step in steps:
        client.send(
            "Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)}
        )
    client.send("Input.insertText", {"text": result})


def spoken(page: Page):
    """What a screen reader is told."""
    return page.locator("[data-spoken]")


def playing(page: Page) -> bool:
    return "Pause" in page.locator("button[data-action='toggle']").text_content()


def wait_for_silence(page: Page) -> None:
    expect(page.locator("button[data-action='toggle']")).to_contain_text("Play", timeout=40_000)
