"""The text of a dictation in the browser: its doubts, corrections, copies, exports, and sizes of screens."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import Role
from annotation.services.terms import term_add
from inference.models import LiveUtterance
from tests.factories import make_live_model, make_user
from tests.inference.dictated import make_session

TEXT = "服用 Ambuloone 五百毫克，每日兩次。\n\n下週回診。"
MODULES = "/static/inference/js"


@pytest.fixture
def clinician(site):
    make_live_model(site=site)
    return make_user(Role.CLINICIAN, site=site)


@pytest.fixture
def window(context_of, clinician):
    return context_of(clinician, permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def page(window, clinician, site) -> Page:
    """The page of one dictation that was made before."""
    session = make_session(clinician, site)
    page = window.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error on the page: {error}"))
    page.goto(f"/live/sessions/{session.uuid}/")
    expect(page.locator("[data-state=final]")).to_have_count(3)
    return page


def column(page: Page):
    return page.get_by_role("group", name="What was understood")


def test_paragraphs_marks_and_doubts_are_seen(page):
    assert page.locator("[data-live=transcript] p").all_inner_texts() == [
        "服用 Ambuloone 五百毫克每日兩次",
        "下週回診",
    ]
    joints = page.eval_on_selector_all("[data-joint]", "all => all.map((one) => one.dataset.joint)")
    assert joints == ["，", "。", "。"]
    doubtful = page.locator(".word[data-doubt]")
    expect(doubtful).to_have_text(["Ambuloone", "毫"])
    assert doubtful.nth(0).get_attribute("data-doubt") > doubtful.nth(1).get_attribute("data-doubt")
    expect(doubtful.nth(0)).to_have_attribute("title", "sure: 20 %")


def test_a_word_is_put_right_with_the_keyboard_alone_and_taken_back(page):
    column(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".word", has_text="診")).to_be_focused()
    page.locator(".word", has_text="Ambuloone").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("The right words")
    expect(field).to_be_focused()
    field.fill("Escitalopram")
    page.keyboard.press("Escape")
    expect(page.locator("[data-state=final]").first).to_have_text("服用 Ambuloone 五百毫克")
    page.keyboard.press("Enter")
    field.fill("Amlodipine")
    page.keyboard.press("Enter")
    expect(page.locator(".word.corrected")).to_have_text("Amlodipine")
    expect(page.locator(".word.corrected")).to_be_focused()
    expect(page.locator(".word[data-doubt]")).to_have_text(["毫"])  # the other doubts stay
    expect(page.locator("[data-live=note]")).to_have_text("Correction saved")
    assert LiveUtterance.objects.get(index=0).corrected_text == "服用 Amlodipine 五百毫克"
    page.keyboard.press("Control+z")
    expect(page.locator("[data-state=final]").first).to_have_text("服用 Ambuloone 五百毫克")
    page.wait_for_function("!Object.values(localStorage).some((one) => one.includes('Ambuloone'))")
    assert LiveUtterance.objects.get(index=0).corrected_text == "服用 Ambuloone 五百毫克"


def test_an_alternative_of_the_recogniser_is_one_tap_away(page):
    page.locator(".word", has_text="Ambuloone").click()
    page.get_by_role("button", name="Amlodipine").click()
    expect(page.locator("[data-state=final]").first).to_have_text("服用 Amlodipine 五百毫克")


def test_the_whole_sentence_is_put_right_and_stays_so(page):
    page.locator(".word", has_text="每").click()
    page.get_by_role("button", name="Whole sentence").click()
    page.get_by_label("The right words").fill("每日三次，飯後服用")
    page.keyboard.press("Enter")
    expect(page.locator("[data-live=note]")).to_have_text("Correction saved")
    page.reload()
    expect(page.locator("[data-state=final]").nth(1)).to_have_text("每日三次，飯後服用")
    expect(page.locator("[data-state=final]").nth(1)).to_have_attribute("data-corrected", "true")


def test_enter_of_an_input_method_does_not_close_the_field(page, window):
    page.locator(".word", has_text="兩").click()
    field = page.get_by_label("The right words")
    browser = window.new_cdp_session(page)
    browser.send("Input.imeSetComposition", {"text": "ㄙㄢ", "selectionStart": 2, "selectionEnd": 2})
    taken = {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    browser.send("Input.dispatchKeyEvent", taken)  # the input method's: composing still
    expect(field).to_be_visible()
    browser.send("Input.insertText", {"text": "三"})
    expect(field).to_have_value("三")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")  # the key that ends a composition is over
    page.keyboard.press("Enter")
    expect(page.locator("[data-state=final]").nth(1)).to_have_text("每日三次")


def test_the_text_is_copied_whole_with_one_press(page):
    for copy in (
        lambda: page.get_by_role("button", name="Copy").click(),
        lambda: page.keyboard.press("Control+Shift+c"),
    ):
        page.evaluate("navigator.clipboard.writeText('')")
        copy()
        page.wait_for_function("async (text) => await navigator.clipboard.readText() === text", arg=TEXT)


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("Plain text", "服用 Ambuloone"),
        ("Subtitles (SRT)", "1\n00:00:00,300"),
        ("FHIR document", '{\n  "resourceType"'),
    ],
)
def test_it_is_taken_away_as_a_file(page, name, beginning):
    page.get_by_text("Export").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name=name).click()
    assert Path(taken.value.path()).read_text().startswith(beginning)


def test_the_marks_are_switched_off_and_on_and_off_it_stays(page):
    page.get_by_text("Export").click()
    page.get_by_label("Marks where you paused").uncheck()
    page.reload()
    joints = "[...document.querySelectorAll('[data-joint]')].map((one) => one.dataset.joint).join('|')"
    page.wait_for_function(f"{joints} === '||'")
    page.get_by_text("Export").click()
    plain = page.get_by_role("link", name="Plain text")
    expect(plain).to_have_attribute("href", re.compile(r"export\.txt\?marks=0$"))


def test_the_terms_of_the_department_are_found_and_chosen(window, site, settings):
    settings.AUSCULT_PROMPT_TERMS = 1
    for text, others in (("Amlodipine", "脈優"), ("Metformin", "二甲雙胍")):
        term_add(user=None, site=site, text=text, aliases=others, kind="drug")
    page = window.new_page()
    page.goto("/live/")
    page.get_by_text("Terms", exact=True).click()
    boxes = page.locator("[data-live=terms] li")
    expect(boxes).to_have_count(2)
    page.get_by_label("Look up a term").fill("二甲")
    expect(boxes).to_have_count(1)
    boxes.get_by_role("checkbox").check()
    page.get_by_label("Look up a term").fill("")
    expect(boxes.filter(has_text="Amlodipine").get_by_role("checkbox")).to_be_disabled()  # one at most


@pytest.mark.parametrize("language", ["en", "zh-hant"])
@pytest.mark.parametrize(("width", "height"), [(768, 1024), (1024, 768), (390, 844)])
def test_it_fits_a_tablet_and_a_phone(context_of, clinician, site, live_server, language, width, height):
    make_session(clinician, site)
    context = context_of(clinician, viewport={"width": width, "height": height}, has_touch=True)
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}])
    page = context.new_page()
    page.goto("/live/")
    expect(page.locator("[data-live=button]")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.eval_on_selector_all(
        ".live button, .live summary, .live select, .live a",
        "all => all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 40)"
        ".map((one) => one.outerHTML)",
    )
    assert small == []
    column, button = (page.locator(f"[data-live={name}]").bounding_box() for name in ("box", "button"))
    assert column["height"] >= 160
    assert button["height"] >= 64


def test_it_follows_the_text_until_somebody_reads_back(window):
    page = window.new_page()
    page.goto("/live/")
    seen = page.evaluate(
        """async (modules) => {
          const { Transcript } = await import(`${modules}/transcript.js`);
          const { mount } = await import(`${modules}/follow.js`);
          const [box, now, text] = ["box", "now", "transcript"].map((name) =>
            document.querySelector(`[data-live=${name}]`));
          const transcript = new Transcript(text, {});
          const follow = mount(box, now);
          transcript.addEventListener("grown", follow.grown);
          transcript.goOnIn("s");
          const say = (utterance) => {
            const start_ms = 5000 * utterance;
            const text = "病人血壓一百四十", end_ms = start_ms + 1000;
            transcript.final({ utterance, text, words: [], start_ms, end_ms });
          };
          const scrolled = () => new Promise((done) => box.addEventListener("scroll", done, { once: true }));
          const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 2;
          for (let i = 0; i < 40; i++) say(i);
          const first = atEnd();
          let moved = scrolled();
          box.scrollTop = 100;
          await moved;
          say(40);
          const held = [box.scrollTop, now.hidden];
          moved = scrolled();
          now.click();
          await moved;
          return [first, held, atEnd(), now.hidden];
        }""",
        MODULES,
    )
    assert seen == [True, [100, False], True, True]
