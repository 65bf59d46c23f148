"""Terms suggested while typing, terms found in the text, words marked as private: in Chromium, with keys."""

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Draft, Label, Term
from annotation.services.terms import term_add
from annotation.views import lexicon_help
from tests.browser.editing import PLAYING, compose, playing, text_of, wait_for_silence
from tests.factories import make_recording, make_segment, make_site


@pytest.fixture
def site(transactional_db):
    site = make_site()
    for text, aliases in [("Metformin", "二甲雙胍|Glucophage"), ("Metoclopramide", ""), ("血壓", "")]:
        term_add(user=None, site=site, text=text, aliases=aliases, kind="drug")
    return site


@pytest.fixture
def segment(site):
    return make_segment(make_recording(site, audio=True), 0, 3000, text="服用 metforming 五百毫克 王小明")


@pytest.fixture
def page(page_of, expert, segment):
    page = page_of(expert)
    with page.expect_response("**/lexicon/forms.json*"):
        page.goto("/correct/")
    page.wait_for_selector("[data-mounted]:not([hidden])")
    page.wait_for_selector("[data-terms] li")  # the finder and the first look have answered
    page.wait_for_function(PLAYING)
    return page


def options(page: Page):
    return page.locator("#suggestions [role=option] > :first-child")


def write(page: Page, text: str) -> None:
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def test_tab_takes_a_suggested_term_and_nothing_moves(page):
    write(page, "m")
    expect(page.locator("#suggestions")).to_be_hidden()
    height = page.evaluate("document.documentElement.scrollHeight")
    page.keyboard.type("et")
    expect(options(page)).to_have_text(["Metformin", "Metoclopramide"])
    assert page.evaluate("document.documentElement.scrollHeight") == height
    field = page.locator("#text")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-0")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    expect(page.locator("#suggestion-1")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    assert text_of(page) == "Metoclopramide"
    expect(field).to_be_focused()
    expect(page.locator("#suggestions")).to_be_hidden()
    page.keyboard.press("Control+z")
    assert text_of(page) == "met"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ejsg", "二甲雙胍"),
        ("erjia", "二甲雙胍"),
        ("GLU", "Glucophage"),
        ("服用 xy", "血壓"),
        ("量血", "血壓"),
    ],
)
def test_terms_are_found_by_alias_pinyin_and_initials(page, typed, found):
    write(page, typed)
    expect(options(page)).to_have_text([found])
    page.keyboard.press("Tab")
    assert text_of(page).endswith(found)


def test_escape_closes_the_list_before_it_means_play(page):
    write(page, "met")
    expect(page.locator("#suggestions")).to_be_visible()
    wait_for_silence(page)  # the sound holds while one types
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    assert not playing(page)
    assert text_of(page) == "met"


def test_enter_confirms_nothing_and_takes_nothing(page):
    write(page, "met")
    page.keyboard.press("Enter")
    assert text_of(page) == "met"
    assert not Label.objects.exists()


def test_while_the_input_method_composes_nothing_opens_and_tab_is_its_own(page):
    write(page, "")
    client = page.context.new_cdp_session(page)
    client.send("Input.imeSetComposition", {"text": "met", "selectionStart": 3, "selectionEnd": 3})
    page.wait_for_timeout(200)
    expect(page.locator("#suggestions")).to_be_hidden()
    client.send("Input.insertText", {"text": "血"})
    expect(options(page)).to_have_text(["血壓"])  # what was chosen counts as typed
    compose(page, ["ㄧ", "ㄧㄚ"], "壓")
    expect(page.locator("#suggestions")).to_be_hidden()
    assert text_of(page) == "血壓"


def test_a_large_lexicon_is_asked_for_word_by_word(page_of, expert, segment, monkeypatch):
    monkeypatch.setattr(lexicon_help, "SENT_WHOLE", 1)
    page = page_of(expert)
    page.goto("/correct/")
    page.wait_for_selector("[data-terms] li")
    write(page, "metoc")
    expect(options(page)).to_have_text(["Metoclopramide"])


def test_a_near_miss_is_put_right_with_a_click(page):
    line = page.locator("[data-terms] li[data-near]")
    expect(line).to_contain_text("metforming →")
    line.get_by_role("button", name="Metformin", exact=True).click()
    assert text_of(page) == "服用 Metformin 五百毫克 王小明"
    expect(page.locator("[data-terms] li").first).to_contain_text("二甲雙胍")
    expect(page.locator("[data-terms] li[data-near]")).to_have_count(0)


def test_a_selected_word_goes_into_the_lexicon_with_one_key(page):
    page.evaluate("text.setSelectionRange(14, 18)")
    page.keyboard.press("Alt+KeyT")
    expect(page.locator("[data-spoken]")).to_contain_text("is in the lexicon")
    assert Term.objects.filter(text="五百毫克").exists()


def test_a_name_is_marked_moves_with_the_text_and_is_stored(page, segment):
    name = text_of(page).index("王小明")
    page.evaluate("([from, to]) => text.setSelectionRange(from, to)", [name, name + 3])
    page.keyboard.press("Alt+KeyI")
    page.keyboard.press("1")
    mark = page.locator(".phi-mark")
    expect(mark).to_contain_text("name")
    expect(mark).to_contain_text("王小明")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    assert Draft.objects.get().phi == [{"start": name, "end": name + 3, "kind": "name"}]
    page.keyboard.press("Home")
    page.keyboard.type("𠀀今天")  # one of them counts two units in the browser
    page.keyboard.press("Control+Enter")
    page.wait_for_function("!document.querySelector('.bench')")
    label = Label.objects.get()
    assert [label.text[one["start"] : one["end"]] for one in label.phi] == ["王小明"]


def test_a_mark_is_taken_off_with_a_click(page):
    page.evaluate("text.setSelectionRange(0, 2)")
    page.keyboard.press("Alt+KeyI")
    page.keyboard.press("6")
    page.locator(".phi-mark").click()
    expect(page.locator(".phi-mark")).to_have_count(0)
