"""Texts that must not run over each other: two windows, late requests, somebody else's version."""

import pytest

from annotation.models import Draft, Label, Segment
from annotation.services.labels import draft_save, label_submit
from annotation.services.queue import segment_claim
from base.errors import Conflict
from tests.factories import Cast, make_label, make_recording, make_segment

HEARD = "病人主訴頭通兩天"


@pytest.fixture
def segment(cast: Cast) -> Segment:
    return segment_claim(user=cast.annotator, segment=make_segment(make_recording(cast.site), text=HEARD))


def save(
    cast: Cast, segment: Segment, text: str, stamp: str, after: str = "", base_version: int = 0
) -> Draft:
    return draft_save(
        user=cast.annotator,
        segment=segment,
        text=text,
        base_version=base_version,
        base_text=HEARD,
        stamp=stamp,
        after=after,
        active_edit_ms=0,
    )


def submit(cast: Cast, segment: Segment, text: str, version: int = 0, stamp: str = "", **fields) -> Label:
    values = {"user": cast.annotator, "active_edit_ms": 0, "stamp": stamp, **fields}
    return label_submit(segment=segment, text=text, version=version, **values)


def test_a_window_goes_on_from_its_own_draft_though_it_heard_no_answer(cast: Cast, segment: Segment) -> None:
    save(cast, segment, "一", "a:1")
    save(cast, segment, "一二三", "a:3")  # knows nothing of "a:1" having arrived
    assert (Draft.objects.get().text, Draft.objects.get().stamp) == ("一二三", "a:3")


def test_a_draft_that_was_overtaken_on_the_way_changes_nothing(cast: Cast, segment: Segment) -> None:
    save(cast, segment, "一二三", "a:10")
    save(cast, segment, "一二", "a:9")  # numbers are compared as numbers
    assert Draft.objects.get().text == "一二三"


def test_a_second_window_does_not_overwrite_what_the_first_one_typed(cast: Cast, segment: Segment) -> None:
    save(cast, segment, "病人主訴頭痛兩天", "a:1")
    with pytest.raises(Conflict) as refusal:
        save(cast, segment, "病人主訴頭通三天", "b:1")
    detail = refusal.value.detail
    assert (refusal.value.code, detail["yours"], detail["theirs"], detail["base"]) == (
        "stale_draft",
        "病人主訴頭通三天",
        "病人主訴頭痛兩天",
        HEARD,
    )
    assert [piece["kind"] for piece in detail["pieces"]] == ["same", "conflict", "same"]
    assert Draft.objects.get().text == "病人主訴頭痛兩天"
    # Having seen it, the second window may go on from there.
    save(cast, segment, "病人主訴頭痛三天", "b:2", after=str(detail["stamp"]))
    assert Draft.objects.get().text == "病人主訴頭痛三天"


def test_two_windows_with_the_same_text_are_in_no_conflict(cast: Cast, segment: Segment) -> None:
    save(cast, segment, "一", "a:1")
    assert save(cast, segment, "一", "b:1").stamp == "b:1"


def test_a_window_that_took_over_what_a_crashed_one_left_names_both(cast: Cast, segment: Segment) -> None:
    """The crashed window's last request may have arrived, or not, or arrive only now."""
    for arrived in ("z:4", "a:5", "a:7"):
        Draft.objects.all().delete()
        save(cast, segment, "前面的", arrived)
        assert save(cast, segment, "後面的", "b:1", after="z:4 a:7").text == "後面的", arrived
    Draft.objects.all().delete()
    save(cast, segment, "別台電腦的", "c:1")
    with pytest.raises(Conflict):
        save(cast, segment, "後面的", "b:1", after="z:4 a:7")


def test_a_submit_does_not_delete_the_draft_of_another_window(cast: Cast, segment: Segment) -> None:
    save(cast, segment, "另一個視窗打的", "a:1")
    with pytest.raises(Conflict) as refusal:
        submit(cast, segment, "病人主訴頭痛", stamp="b:1")
    assert (refusal.value.code, refusal.value.detail["theirs"]) == ("stale_draft", "另一個視窗打的")
    assert Draft.objects.exists() and not Label.objects.exists()
    submit(cast, segment, "病人主訴頭痛", stamp="b:2", after="a:1")
    assert not Draft.objects.exists()


def test_a_submit_that_was_long_on_its_way_keeps_what_was_typed_since(cast: Cast, segment: Segment) -> None:
    save(cast, segment, "確認之後又改", "a:9")
    submit(cast, segment, "確認的", stamp="a:8")
    assert Draft.objects.get().text == "確認之後又改"
    assert Label.objects.get().text == "確認的"


def test_the_same_submit_gives_the_same_label_also_when_a_newer_one_is_there(
    cast: Cast, segment: Segment
) -> None:
    first = submit(cast, segment, "第一版", stamp="a:1")
    submit(cast, segment, "第二版", version=1, stamp="a:2")
    assert submit(cast, segment, "第一版", stamp="a:1") == first
    assert Label.objects.count() == 2


def test_a_stale_submit_is_merged_with_what_both_started_from(cast: Cast, segment: Segment) -> None:
    make_label(segment, "病患主訴頭通兩天", author=cast.reviewer)
    with pytest.raises(Conflict) as refusal:
        submit(cast, segment, "病人主訴頭通三天")
    detail = refusal.value.detail
    assert (detail["base"], detail["start"], detail["author"]) == (
        HEARD,
        "病患主訴頭通兩天",
        cast.reviewer.username,
    )
    assert [(piece["kind"], piece["mine"], piece["theirs"]) for piece in detail["pieces"]] == [
        ("same", "病", "病"),
        ("theirs", "人", "患"),
        ("same", "主訴頭通", "主訴頭通"),
        ("mine", "三", "兩"),
        ("same", "天", "天"),
    ]


def test_what_the_person_started_from_counts_though_the_model_has_heard_anew(
    cast: Cast, segment: Segment
) -> None:
    """Otherwise the old model's mistakes would look like the person's own changes."""
    make_label(segment, "病人主訴頭痛兩天", author=cast.reviewer)
    with pytest.raises(Conflict) as refusal:
        submit(cast, segment, "病人主訴投痛三天", base_text="病人主訴投痛兩天")
    kinds = {piece["mine"]: piece["kind"] for piece in refusal.value.detail["pieces"]}
    assert (kinds["投"], kinds["三"]) == ("theirs", "mine")
