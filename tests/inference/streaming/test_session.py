"""The streaming session as its user sees it: sound in, events out."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.streaming.completeness import Ending, ending_of
from inference.streaming.events import (
    Committed,
    Event,
    Final,
    FinalWanted,
    Heard,
    Partial,
    PartialWanted,
    SpeechEnded,
    SpeechStarted,
    Untranscribed,
)
from inference.streaming.options import SessionOptions
from inference.streaming.session import StreamingSession
from speech.types import Word
from tests.inference.streaming.sounds import EnergyVad, pcm, silence, tone

FIXED = SessionOptions.of(hangover_ms=480)
TALK = pcm(silence(0.7), tone(1.5), silence(0.3), tone(1), silence(1.2), tone(2), silence(0.9), tone(0.4))


def describe(request: PartialWanted | FinalWanted) -> str:
    return f"{request.start_ms}-{request.end_ms}:{hash(request.pcm) & 0xFFFF:x}"


def hear(session: StreamingSession, events: list[Event]) -> list[Event]:
    """Answers every request at once, with a text that names exactly which sound was heard."""
    out: list[Event] = []
    for event in events:
        out.append(event)
        if isinstance(event, PartialWanted | FinalWanted):
            out += hear(session, session.result(event, Heard(describe(event))))
    return out


def dictate(
    data: bytes, sizes: list[int] | None = None, seed: int = 0, options: SessionOptions = FIXED
) -> list[Event]:
    session, chance, events, at = StreamingSession(EnergyVad(), options), random.Random(seed), [], 0
    while at < len(data):
        size = chance.choice(sizes or [3200])
        events += hear(session, session.feed(data[at : at + size]))
        at += size
    return events + hear(session, session.finish())


def finals(events: list[Event]) -> list[Final]:
    return [event for event in events if isinstance(event, Final)]


def test_each_utterance_gets_one_final_text() -> None:
    events = dictate(TALK)
    assert [final.utterance for final in finals(events)] == [0, 1, 2]
    assert [event.utterance for event in events if isinstance(event, SpeechStarted)] == [0, 1, 2]


def test_two_hours_of_sound_lose_no_sample() -> None:
    """A hundred and twenty times 60 s less one sample: what is counted in milliseconds would drift."""
    session, minute = StreamingSession(EnergyVad(), FIXED), pcm(silence(0.5), tone(1.1))
    minute += bytes(2 * (60 * 16_000 - 1) - len(minute))
    for index in range(120):
        at_ms = index * (60 * 16_000 - 1) // 16
        for event in hear(session, session.feed(minute)):
            if isinstance(event, SpeechEnded):
                assert (event.utterance, abs(event.speech_end_ms - at_ms - 1600) <= 32) == (index, True)
    assert session.received_ms == 120 * (60 * 16_000 - 1) // 16
    assert session.unsettled == 0


@given(sizes=st.lists(st.integers(333, 70_000), min_size=1, max_size=8), seed=st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_the_same_sound_in_any_chunks_gives_the_same_borders_and_text(sizes: list[int], seed: int) -> None:
    assert finals(dictate(TALK, sizes, seed)) == finals(dictate(TALK, [len(TALK)]))


@given(sizes=st.lists(st.integers(333, 1024), min_size=1, max_size=8), seed=st.integers(0, 9))
@settings(max_examples=10, deadline=None)
def test_so_it_does_where_the_text_ends_utterances_and_comes_at_the_same_sample(
    sizes: list[int], seed: int
) -> None:
    """Chunks within a frame: each answer is there before the next frame is."""
    by_frame = finals(dictate(TALK, [1024], options=SessionOptions()))
    assert finals(dictate(TALK, sizes, seed, SessionOptions())) == by_frame


def test_a_split_sample_is_put_together() -> None:
    short = pcm(silence(0.1), tone(0.3), silence(0.6))
    assert finals(dictate(short, [1, 3])) == finals(dictate(short, [len(short)]))


def test_silence_never_asks_for_anything() -> None:
    assert dictate(pcm(silence(20))) == []


def test_a_click_is_no_utterance() -> None:
    assert dictate(pcm(silence(1), tone(0.03), silence(2))) == []


def test_the_first_sound_is_kept_by_the_pre_roll() -> None:
    first = finals(dictate(TALK))[0]
    assert 350 <= first.start_ms <= 420  # the voice begins at 700 ms


def test_a_short_pause_does_not_end_the_utterance() -> None:
    assert finals(dictate(TALK))[0].end_ms > 3400  # tone until 3500 ms, with a pause of 300 ms within


def test_the_tail_is_final_when_the_sound_stops_in_mid_word() -> None:
    last = finals(dictate(TALK))[-1]
    assert last.end_ms == len(TALK) // 32


def test_a_monologue_is_cut_at_a_quiet_moment() -> None:
    speech = [tone(14), tone(0.1, level=0.08), tone(14), silence(1)]
    cut, rest = finals(dictate(pcm(*speech)))
    assert abs(cut.end_ms - 14_050) < 100
    assert rest.start_ms == cut.end_ms


def test_a_monologue_that_is_too_long_in_a_pause_ends_in_the_pause() -> None:
    sound = pcm(tone(13), tone(0.1, level=0.08), tone(2.8), silence(0.3), tone(1), silence(1))
    first, rest = finals(dictate(sound))
    assert 15_900 <= first.end_ms <= 16_000  # not at the quieter sound before, whose text would come twice
    assert first.end_ms <= rest.start_ms


def asked(events: list[Event]) -> FinalWanted:
    (request,) = [event for event in events if isinstance(event, FinalWanted)]
    return request


def paused(options: SessionOptions | None = None) -> tuple[StreamingSession, FinalWanted]:
    """Somebody spoke for a second and has been silent for 128 ms."""
    session = StreamingSession(EnergyVad(), options or SessionOptions())
    return session, asked(session.feed(pcm(tone(1.024), silence(0.128))))


def test_recognition_starts_in_the_pause_and_is_final_when_the_hangover_is_over() -> None:
    session, early = paused(FIXED)
    assert session.result(early, Heard("好")) == [Partial(0, "好", 0, 0)]
    assert session.feed(pcm(silence(0.32))) == []
    assert [type(event) for event in session.feed(pcm(silence(0.032)))] == [SpeechEnded, Committed, Final]


@pytest.mark.parametrize(
    ("text", "silence_ms"), [("給五毫克", 192), ("血壓一百四十", 256), ("病人今天血壓和", 640)]
)
def test_what_was_said_decides_how_long_the_pause_must_be(text: str, silence_ms: int) -> None:
    session, early = paused()
    assert ending_of(Heard(text)) in (Ending.COMPLETE, Ending.PLAIN, Ending.UNFINISHED)
    session.result(early, Heard(text))
    assert not finals(session.feed(pcm(silence((silence_ms - 128) / 1000 - 0.032))))
    (final,) = finals(session.feed(pcm(silence(0.032))))
    assert (final.text, final.end_ms) == (text, early.end_ms)


def test_an_answer_that_comes_late_in_the_pause_is_final_at_once() -> None:
    session, early = paused()
    session.feed(pcm(silence(0.2)))
    assert [type(event) for event in session.result(early, Heard("好"))] == [SpeechEnded, Committed, Final]


def test_a_slow_engine_does_not_keep_an_utterance_open() -> None:
    session, early = paused()
    assert [type(event) for event in session.feed(pcm(silence(0.4)))] == [SpeechEnded]
    assert finals(session.result(early, Heard("病人今天血壓和")))


def test_an_early_answer_becomes_partial_text_when_the_voice_goes_on() -> None:
    session, early = paused()
    session.feed(pcm(tone(0.1)))
    assert session.result(early, Heard("好的")) == [Partial(0, "好的", 0, 0)]


def test_a_client_may_end_utterances_itself() -> None:
    session, early = paused(SessionOptions.of(ends_by_silence=False))
    session.result(early, Heard("好了"))
    assert session.feed(pcm(silence(3))) == []
    assert [type(event) for event in session.end_utterance()] == [SpeechEnded, Committed, Final]
    assert session.end_utterance() == []


def test_ending_in_mid_word_gives_what_was_said_and_the_rest_is_the_next_utterance() -> None:
    session = StreamingSession(EnergyVad(), FIXED)
    session.feed(pcm(tone(1.01)))
    first = asked(session.end_utterance())
    session.feed(pcm(tone(1)))
    rest = asked(session.finish())
    assert (first.end_ms, rest.start_ms, rest.utterance) == (1010, 1010, 1)


@pytest.mark.parametrize("milliseconds", [20, 40, 90])
def test_a_sound_too_short_for_the_detector_is_the_last_segment_all_the_same(milliseconds: int) -> None:
    session = StreamingSession(EnergyVad(), FIXED)
    session.feed(pcm(silence(1.024), tone(milliseconds / 1000)))
    request = asked(session.finish())
    assert request.end_ms == 1024 + milliseconds
    assert session.result(request, Heard("好"))[-1] == Final(
        0, "好", (), (), request.start_ms, request.end_ms
    )


def test_no_partial_is_asked_twice_for_the_same_sound() -> None:
    session = StreamingSession(EnergyVad(), SessionOptions.of(ends_by_silence=False, partial_interval_ms=100))
    events = hear(session, session.feed(pcm(tone(1), silence(10))))
    assert len([event for event in events if isinstance(event, PartialWanted)]) == 1
    assert len([event for event in events if isinstance(event, FinalWanted)]) == 1


def test_a_partial_of_a_long_utterance_costs_no_more_than_its_window() -> None:
    session, wanted = StreamingSession(EnergyVad(), FIXED), []
    said = "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸"
    shown: list[str] = []
    for _ in range(150):
        events = session.feed(pcm(tone(0.1)))
        while events:
            event = events.pop(0)
            if isinstance(event, PartialWanted):
                wanted.append(event)
                events += session.result(event, Heard(said[event.start_ms // 1000 : event.end_ms // 1000]))
            elif isinstance(event, Partial):
                shown.append(event.text)
    assert max(request.end_ms - request.start_ms for request in wanted) <= 10_000
    assert wanted[-1].start_ms > 4_000
    assert shown[-1] == said[: wanted[-1].end_ms // 1000]


def test_one_partial_is_outstanding_at_most() -> None:
    session = StreamingSession(EnergyVad())
    wanted = [event for event in session.feed(pcm(tone(1.5))) if isinstance(event, PartialWanted)]
    assert len(wanted) == 1
    session.result(wanted[0], Heard("一"))
    assert [type(event) for event in session.feed(pcm(tone(1.5)))] == [PartialWanted]


def test_a_recogniser_that_gives_up_leaves_one_sign_and_no_text() -> None:
    session = StreamingSession(EnergyVad())
    events = [*session.feed(pcm(tone(1))), *session.finish()]
    final = next(event for event in events if isinstance(event, FinalWanted))
    assert session.failed(final) == [Untranscribed(0, final.start_ms, final.end_ms)]
    assert session.unsettled == 0
    assert session.result(final, Heard("too late")) == []


def test_an_early_request_that_failed_is_asked_again_at_the_end() -> None:
    session, early = paused()
    assert session.failed(early) == []
    assert [type(event) for event in session.feed(pcm(silence(0.5)))] == [SpeechEnded, FinalWanted]


def test_word_times_count_from_the_session() -> None:
    session = StreamingSession(EnergyVad(), start_ms=10_000, first_utterance=4)
    events = [*session.feed(pcm(silence(1), tone(1))), *session.finish()]
    request = next(event for event in events if isinstance(event, FinalWanted))
    (final,) = finals(session.result(request, Heard("好", (Word("好", 100, 200, 0.9),))))
    assert final.utterance == 4
    assert final.words[0].start_ms == request.start_ms + 100 > 10_000
