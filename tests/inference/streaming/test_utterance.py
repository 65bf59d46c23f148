"""What of a changing text is committed, shown and final."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.streaming.events import Committed, Event, Final, FinalWanted, Heard, Partial, PartialWanted
from inference.streaming.utterance import Utterance

TEXTS = st.lists(
    st.text("病人血壓一百四十二點五毫克 mgCRP\ufffd。", max_size=14)
    | st.sampled_from(["病人血壓 140", "病人血壓 140 mg 好"]),
    max_size=6,
)


def partial_of(end_ms: int = 4000) -> PartialWanted:
    return PartialWanted(0, b"", 0, end_ms, end_ms)


def play(partials: list[str], last: str, may_commit: bool = True) -> list[Event]:
    utterance = Utterance(0, start_ms=0)
    events: list[Event] = []
    for text in partials:
        events += utterance.partial(partial_of(), Heard(text), may_commit)
    return [*events, *utterance.final(FinalWanted(0, 1, b"", 0, 4000, 4000), Heard(last))]


def committed(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Committed))


@given(TEXTS, st.text("病人血壓一百四十 CRP", max_size=14))
def test_what_is_committed_is_never_taken_back(partials: list[str], last: str) -> None:
    so_far = ""
    for event in play(partials, last):
        if isinstance(event, Committed):
            assert event.text
            so_far += event.text
        elif isinstance(event, Partial):
            assert event.text.startswith(so_far)
            assert event.text[: event.stable] == so_far
            assert not event.text.endswith("\ufffd")
    assert "\ufffd" not in so_far


@given(TEXTS, st.text("病人血壓一百四十 CRP", max_size=14))
def test_the_final_text_is_the_recognisers_own_and_comes_last(partials: list[str], last: str) -> None:
    *before, final = play(partials, last)
    assert isinstance(final, Final) and final.text == last
    if last.startswith(committed(before)):
        assert committed(before) == last


@given(st.text("病人血壓一百四十 CRP", min_size=1, max_size=20), st.integers(1, 4))
def test_a_text_that_only_grows_is_committed_to_its_end(text: str, step: int) -> None:
    grown = [text[:length] for length in range(1, len(text) + 1, step)]
    events = play(grown, text)
    assert committed(events) == text
    shown = [event.text for event in events if isinstance(event, Partial)]
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))


def test_a_loop_is_neither_shown_nor_committed() -> None:
    assert play(["謝謝收看", "謝謝收看" * 8, "謝謝收看" * 8], "")[1:] == [Final(0, "", (), (), 0, 4000)]


def test_more_text_than_anybody_says_in_the_time_is_not_shown() -> None:
    utterance = Utterance(0, start_ms=0)
    text = "病人今天早上血壓偏高所以改吃另外一種藥"
    assert utterance.partial(partial_of(end_ms=600), Heard(text), may_commit=True) == []
    assert utterance.partial(partial_of(end_ms=4000), Heard(text), may_commit=True)


def test_where_a_monologue_may_still_be_cut_nothing_is_committed() -> None:
    assert committed(play(["病人血壓", "病人血壓高", "病人血壓高了"], "病人", may_commit=False)) == "病人"


def test_what_was_taken_for_invention_is_kept_beside_the_text() -> None:
    utterance = Utterance(0, start_ms=0)
    heard = Heard("", flags=("known_phrase",), rejected_text="字幕志愿者", model="m", adapter="a")
    (final,) = utterance.final(FinalWanted(0, 1, b"", 0, 900, 100), heard)
    assert isinstance(final, Final)
    assert (final.text, final.rejected_text, final.model, final.adapter) == ("", "字幕志愿者", "m", "a")
