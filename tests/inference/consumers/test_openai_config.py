"""Whatever a client puts into session.update is taken or refused by name; nothing else happens."""

import pytest

from inference.api.problems import BadRequest
from inference.consumers.openai_config import LOGPROBS, RealtimeConfig, older_shape, updated


def asked(**transcription: object) -> dict:
    return {"audio": {"input": {"transcription": transcription}}}


def test_what_is_left_out_stays_and_what_is_said_counts():
    first = updated(RealtimeConfig(), asked(languages=["en"], keywords=["Metformin"], prompt="ward 7"))
    then = updated(first, {"include": [LOGPROBS], "audio": {"input": {"format": {"type": "audio/pcmu"}}}})
    assert (then.language, then.hints(), then.logprobs) == ("en", ("Metformin", "ward 7"), True)
    assert (then.encoding, then.rate_hz) == ("mulaw", 8000)
    assert updated(then, asked(languages=["en", "zh"])).language == "auto"
    assert not updated(then, {"include": None}).logprobs


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"include": 5}, "session.include"),
        ({"include": "everything"}, "session.include"),
        ({"type": []}, "session.type"),
        ({"audio": {"input": {"format": {"type": []}}}}, "session.audio.input.format.type"),
        ({"audio": {"input": {"format": {"rate": [8000]}}}}, "session.audio.input.format"),
        ({"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": []}}}}, None),
        (asked(languages=1), "transcription.languages"),
        (asked(language=["zh"]), "transcription.language"),
        (asked(language="nan"), "transcription.language"),
        (asked(keywords="Metformin"), "transcription.keywords"),
        (asked(keywords=5), "transcription.keywords"),
        (asked(keywords=["藥" * 100] * 100), "transcription.keywords"),
        (asked(prompt=7), "transcription.prompt"),
        (asked(model={}), "transcription.model"),
    ],
)
def test_what_has_another_form_is_refused_by_name(session, param):
    with pytest.raises(BadRequest) as refused:
        updated(RealtimeConfig(), session)
    assert param is None or refused.value.detail["param"] == param


@pytest.mark.parametrize("session", [{"input_audio_format": []}, {"input_audio_format": "mp3"}, 7])
def test_the_older_shape_is_looked_at_as_well(session):
    with pytest.raises(BadRequest):
        older_shape(session)
