"""OpenAI's client from PyPI: files, models, errors, realtime."""

from collections.abc import Callable

import pytest

from tests.annotation.sounds import SENTENCES
from tests.inference.sdks.conftest import Said
from tests.inference.sdks.environments import OPENAI, Environment
from tests.inference.sdks.heard import is_like
from tests.inference.speech import DURATION_S

TRANSCRIPTION = "conversation.item.input_audio_transcription"


@pytest.fixture(scope="module")
def said(said_by: Callable[[Environment], Said]) -> Said:
    return said_by(OPENAI)


def test_every_format_holds_the_same_text(said):
    files = said["files"]
    assert is_like(files["json"], "".join(SENTENCES))
    assert files["text"].strip() == files["json"]
    assert files["srt"].startswith("1\n00:00:0") and files["srt"].count("-->") == 2
    assert files["vtt"].startswith("WEBVTT\n\n00:00:0") and files["vtt"].count("-->") == 2
    assert "".join(text for text, *_ in files["verbose"]["segments"]) == files["json"]


def test_times_lie_within_the_file(said):
    verbose = said["files"]["verbose"]
    assert verbose["language"] == "chinese" and verbose["duration"] == pytest.approx(DURATION_S, abs=0.01)
    words = verbose["words"]
    assert words == sorted(words, key=lambda word: word[1])
    assert all(0 <= start <= end <= DURATION_S for _, start, end in words)
    assert all(-5 < segment[3] < 0 for segment in verbose["segments"])


def test_logprobs_are_those_of_the_text(said):
    logprobs = said["files"]["logprobs"]
    assert logprobs and all(logprob <= 0 for _, logprob, _ in logprobs)
    assert all(bytes.fromhex(data).decode() == token for token, _, data in logprobs)
    assert said["files"]["usage"]["type"] == "duration"


def test_a_stream_ends_with_the_whole_text(said):
    *deltas, done = said["files"]["stream"]
    assert {event["type"] for event in deltas} == {"transcript.text.delta"} and len(deltas) == 2
    assert done["type"] == "transcript.text.done"
    assert done["text"] == "".join(event["delta"] for event in deltas) == said["files"]["json"]
    assert done["usage"]["total_tokens"] > done["usage"]["output_tokens"] > 0


def test_models(said):
    assert said["models"]["listed"][0] == said["models"]["first"] == "auscult-live"


def test_errors_are_its_own_exceptions(said):
    assert said["refusals"]["key"][:2] == ["AuthenticationError", "invalid_api_key"]
    assert said["refusals"]["model"][:2] == ["NotFoundError", "model_not_found"]
    assert said["refusals"]["format"][:2] == ["BadRequestError", "invalid_value"]
    assert said["refused_socket"] == 401


@pytest.mark.parametrize(("way", "items"), [("by_turns", 2), ("by_commit", 1)])
def test_realtime_items_are_whole_and_in_order(said, way, items):
    events = said[way]
    ends = [event for event in events if event["type"] == f"{TRANSCRIPTION}.completed"]
    assert len({event["item_id"] for event in ends}) == len(ends) == items
    assert is_like("".join(event["transcript"] for event in ends), "".join(SENTENCES))
    for end in ends:
        deltas = [event for event in events if event["type"] == f"{TRANSCRIPTION}.delta"]
        shown = "".join(event["delta"] for event in deltas if event["item_id"] == end["item_id"])
        assert end["transcript"].startswith(shown) or shown
        assert end["usage"]["seconds"] > 1 and end["logprobs"][0]["logprob"] <= 0
    committed = [event["item_id"] for event in events if event["type"] == "input_audio_buffer.committed"]
    assert [event["item_id"] for event in ends] == committed


def test_the_client_knows_every_event(said):
    for event in said["by_turns"] + said["by_commit"]:
        assert event["class"].endswith("Event") or event["class"] in {
            "ConversationItemAdded",
            "ConversationItemDone",
        }
    assert [event["type"] for event in said["by_commit"][:2]] == ["session.created", "session.updated"]
