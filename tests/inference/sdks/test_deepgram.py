"""Deepgram's client from PyPI: live with Finalize and CloseStream, tokens, files."""

from collections.abc import Callable

import pytest

from tests.annotation.sounds import SENTENCES
from tests.inference.sdks.conftest import Said
from tests.inference.sdks.environments import DEEPGRAM, Environment
from tests.inference.sdks.heard import is_like
from tests.inference.speech import DURATION_S


@pytest.fixture(scope="module")
def said(said_by: Callable[[Environment], Said]) -> Said:
    return said_by(DEEPGRAM)


def finals(messages: list[Said]) -> list[Said]:
    return [message for message in messages if message["type"] == "Results" and message["is_final"]]


def best(result: Said) -> Said:
    return result["channel"]["alternatives"][0]


def test_finals_come_in_order_with_true_confidences(said):
    results = [result for result in finals(said["whole"]) if best(result)["transcript"]]
    assert is_like("".join(best(result)["transcript"] for result in results), "".join(SENTENCES))
    assert [result["start"] for result in results] == sorted(result["start"] for result in results)
    words = [word for result in results for word in best(result)["words"]]
    confidences = [word["confidence"] for word in words]
    assert all(0 < confidence <= 1 for confidence in confidences) and len(set(confidences)) > 1
    assert all(0 <= word["start"] <= word["end"] <= DURATION_S for word in words)


def test_metadata_is_the_last_word(said):
    assert said["whole"][-1]["type"] == "Metadata"
    assert said["whole"][-1]["duration"] == pytest.approx(DURATION_S, abs=0.01)


def test_the_client_knows_every_message(said):
    classes = {message["class"] for message in said["whole"] + said["cut"]}
    assert {"ListenV1Results", "ListenV1SpeechStarted", "ListenV1Metadata"} <= classes
    assert all(name.startswith("ListenV1") for name in classes)


def test_finalize_yields_what_was_being_said_to_a_client_with_a_token(said):
    marked = [result for result in finals(said["cut"]) if result.get("from_finalize")]
    assert len(marked) == 1 and best(marked[0])["transcript"]
    assert said["expires_in"] == 60


def test_a_file(said):
    alternative = said["file"]["results"]["channels"][0]["alternatives"][0]
    assert is_like(alternative["transcript"], "".join(SENTENCES))
    assert 0 < alternative["confidence"] < 1 and alternative["words"]


def test_a_wrong_key_is_its_own_error(said):
    assert said["refused"] == 401
