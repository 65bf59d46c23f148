"""Two texts of one segment: two windows, two people, and somebody who is composing."""

import pytest
from playwright.sync_api import expect

from accounts.models import Role
from annotation.models import Draft, Label, Segment
from tests.browser.editing import HEARD, make_pair, open_segment, type_at_end
from tests.factories import make_label, make_user


@pytest.fixture
def segments(site):
    return make_pair(site)


def test_two_windows_of_one_person_do_not_overwrite_each_other(context_of, expert, segments):
    context = context_of(expert)
    first = open_segment(context.new_page(), segments[0])
    second = open_segment(context.new_page(), segments[0])
    type_at_end(first, "每日")
    expect(first.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    second.locator("#text").fill("病患目前服用 met forming 五百毫克")
    notice = second.locator("[data-conflict-notice]")
    expect(notice).to_be_visible()  # beside somebody who is typing: nothing is taken from them
    expect(second.locator("#text")).to_be_focused()
    assert Draft.objects.get().text == HEARD + "每日"
    notice.get_by_role("button").click()
    expect(second.locator("[data-conflict-title]")).to_contain_text("You typed another text")
    expect(second.get_by_role("radio")).to_have_count(0)  # different places: both are taken
    second.keyboard.press("Control+Enter")
    expect(second.locator("#text")).to_have_value("病患目前服用 met forming 五百毫克每日")
    expect(second.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().text == "病患目前服用 met forming 五百毫克每日"


def test_what_the_other_text_marks_is_marked_in_the_merged_one(context_of, site, expert, segments):
    page = open_segment(context_of(expert).new_page(), segments[0])
    colleague = make_user(Role.EXPERT, site=site, username="colleague")
    text = "病人王小明目前服用 met forming 五百毫克"
    marks = [{"start": 2, "end": 5, "kind": "name"}]
    make_label(Segment.objects.get(pk=segments[0].pk), text, author=colleague, phi=marks)
    type_at_end(page, "每日")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-conflict-panel]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value(text + "每日")
    expect(page.locator(".phi-mark")).to_contain_text("王小明")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("血壓一百四十")
    label = Label.objects.get(version=2)
    assert (label.text, label.phi) == (text + "每日", marks)


def test_only_what_both_changed_is_asked_and_the_result_can_be_edited(context_of, site, expert, segments):
    page = open_segment(context_of(expert).new_page(), segments[0])
    colleague = make_user(Role.EXPERT, site=site, username="colleague")
    make_label(Segment.objects.get(pk=segments[0].pk), "病患目前服用 Metformin 五百毫克", author=colleague)
    page.locator("#text").fill("病人目前服用 morphine 五百毫克每日")
    page.keyboard.press("Control+Enter")
    panel = page.locator("[data-conflict-panel]")
    expect(panel.locator("[data-conflict-title]")).to_contain_text("colleague saved another text")
    expect(panel.locator(".merge-taken")).to_have_count(2)  # 患 there, 每日 here
    expect(panel.get_by_role("radio")).to_have_count(3)
    expect(panel.get_by_role("radio").first).to_be_focused()
    expect(panel.get_by_role("button", name="Take this text")).to_be_disabled()
    assert not page.locator("#text").is_editable()  # nothing is typed into a text that is about to change
    page.keyboard.press("2")
    expect(panel.locator("[data-conflict-left]")).to_contain_text("Nothing left to choose")
    page.keyboard.press("Control+Enter")
    merged = "病患目前服用 Metformin 五百毫克每日"
    expect(page.locator("#text")).to_have_value(merged)
    expect(page.locator("#text")).to_be_focused()
    type_at_end(page, "兩次")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("血壓一百四十")
    assert list(Label.objects.order_by("version").values_list("text", flat=True)) == [
        "病患目前服用 Metformin 五百毫克",
        merged + "兩次",
    ]


def test_somebody_who_composes_is_not_interrupted(context_of, expert, segments):
    context = context_of(expert)
    first = open_segment(context.new_page(), segments[0])
    second = open_segment(context.new_page(), segments[0])
    type_at_end(first, "每日")
    expect(first.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    second.locator("#text").focus()
    client = context.new_cdp_session(second)
    client.send("Input.imeSetComposition", {"text": "ㄏㄨㄟ", "selectionStart": 3, "selectionEnd": 3})
    expect(second.locator("[data-conflict-notice]")).to_be_visible()
    client.send("Input.insertText", {"text": "回"})
    expect(second.locator("#text")).to_have_value("回" + HEARD)
