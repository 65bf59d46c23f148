"""The streaming session as its user sees it: sound in, events out."""

import random

import pytest

from inference.streaming.events import (
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
from inference.streaming.session import StreamingSession
from speech.types import Word
from tests.inference.streaming.sounds import EnergyVad, pcm, silence, tone

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


def dictate(data: bytes, sizes: list[int] | None = None, seed: int = 0) -> list[Event]:
    session, chance, events, at = StreamingSession(EnergyVad()), random.Random(seed), [], 0
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


@pytest.mark.parametrize("seed", range(5))
def test_the_same_sound_in_any_chunks_gives_the_same_borders_and_text(seed: int) -> None:
    whole = finals(dictate(TALK, [len(TALK)]))
    assert finals(dictate(TALK, [1, 3, 333, 1024, 3200, 16_001, 70_000], seed)) == whole


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


def test_recognition_starts_in_the_pause_and_is_final_when_the_hangover_is_over() -> None:
    session, data = StreamingSession(EnergyVad()), pcm(tone(1), silence(0.3))
    (early,) = [event for event in session.feed(data) if isinstance(event, FinalWanted)]
    assert session.result(early, Heard("好")) == []
    events = session.feed(pcm(silence(0.3)))
    assert [type(event) for event in events] == [SpeechEnded, Final]


def test_an_early_answer_becomes_partial_text_when_the_voice_goes_on() -> None:
    session = StreamingSession(EnergyVad())
    (early,) = [e for e in session.feed(pcm(tone(1), silence(0.3))) if isinstance(e, FinalWanted)]
    session.feed(pcm(tone(0.1)))
    assert session.result(early, Heard("好的")) == [Partial(0, "好的", 0, 0)]


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
    session = StreamingSession(EnergyVad())
    (early,) = [e for e in session.feed(pcm(tone(1), silence(0.3))) if isinstance(e, FinalWanted)]
    assert session.failed(early) == []
    assert [type(event) for event in session.feed(pcm(silence(0.5)))] == [SpeechEnded, FinalWanted]


def test_word_times_count_from_the_session() -> None:
    session = StreamingSession(EnergyVad(), start_ms=10_000, first_utterance=4)
    events = [*session.feed(pcm(silence(1), tone(1))), *session.finish()]
    request = next(event for event in events if isinstance(event, FinalWanted))
    (final,) = session.result(request, Heard("好", (Word("好", 100, 200, 0.9),)))
    assert isinstance(final, Final)
    assert final.utterance == 4
    assert final.words[0].start_ms == request.start_ms + 100 > 10_000
