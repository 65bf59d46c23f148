"""When a character stood on the screen to stay."""

from benchmarks.live.alignment import aligned, heard_characters, removed_characters
from benchmarks.live.gold import GoldCharacter
from benchmarks.live.screen import Change, Screen


def screen_of(*updates: tuple[float, list[Change]]) -> Screen:
    screen = Screen()
    for at_ms, changes in updates:
        screen.show(at_ms, *changes)
    return screen


def kept(screen: Screen) -> list[tuple[str, float]]:
    return [(one.text, one.kept_ms) for one in heard_characters(screen)]


def test_a_growing_text_keeps_what_it_had():
    screen = screen_of((10, [Change(0, "病")]), (20, [Change(0, "病人")]), (30, [Change(0, "病人好", True)]))
    assert kept(screen) == [("病", 10), ("人", 20), ("好", 30)]
    assert removed_characters(screen) == 0


def test_a_character_that_was_taken_back_counts_from_its_return():
    screen = screen_of((10, [Change(0, "病人")]), (20, [Change(0, "並人")]), (30, [Change(0, "病人", True)]))
    heard = heard_characters(screen)
    assert [(one.first_ms, one.kept_ms, one.final_ms) for one in heard] == [(10, 30, 30), (10, 10, 30)]
    assert removed_characters(screen) == 2


def test_a_growing_text_is_not_found_at_the_end_of_the_final_one():
    """The last character of the partial text is also the last of the final one."""
    screen = screen_of((10, [Change(0, "三天")]), (90, [Change(0, "三天前開始發燒已經燒了兩天", True)]))
    assert kept(screen)[:2] == [("三", 10), ("天", 10)]
    assert all(at_ms == 90 for _, at_ms in kept(screen)[2:])


def test_a_text_that_moves_to_its_own_segment_stays():
    """A server completes the first half of what it showed and goes on with the second as the next segment."""
    screen = screen_of(
        (10, [Change(0, "病人發燒")]),
        (20, [Change(0, "病人", True), Change(1, "發燒")]),
        (30, [Change(1, "發燒", True)]),
    )
    assert kept(screen) == [("病", 10), ("人", 10), ("发", 10), ("烧", 10)]  # as CER compares them
    assert [one.final_ms for one in heard_characters(screen)] == [20, 20, 30, 30]
    assert removed_characters(screen) == 0


def test_a_next_segment_may_start_before_the_one_before_is_final():
    screen = screen_of(
        (10, [Change(0, "病")]),
        (20, [Change(1, "人")]),
        (30, [Change(0, "病痛", True)]),
        (40, [Change(1, "人口", True)]),
    )
    assert kept(screen) == [("病", 10), ("痛", 30), ("人", 20), ("口", 40)]


def test_the_same_text_again_is_no_change():
    screen = Screen()
    assert screen.show(10, Change(0, "病"))
    assert not screen.show(20, Change(0, "病"))
    assert screen.show(30, Change(0, "病", True))
    assert not screen.show(40, Change(0, "病"))


def test_a_misheard_character_is_aligned_and_a_left_out_one_is_not():
    gold = [GoldCharacter(text, 100 * i, 0) for i, text in enumerate("甲乙丙丁")]
    screen = screen_of((500, [Change(0, "甲己丁", True)]))
    pairs = aligned(gold, heard_characters(screen))
    assert [(pair.gold.text, pair.heard.text) for pair in (pairs[0], pairs[-1])] == [
        ("甲", "甲"),
        ("丁", "丁"),
    ]
    assert [pair.heard.text for pair in pairs] == ["甲", "己", "丁"]
