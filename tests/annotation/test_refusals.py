"""Every problem of a sound file has a sentence, in both languages."""

import pytest
from django.utils import translation

from annotation.services.refusals import why_refused
from speech.audio import PROBLEMS, AudioDecodeError


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_is_said_in_both_languages(code: str) -> None:
    error = AudioDecodeError(code, **({"limit_s": 7200.0} if code == "too_long" else {}))
    with translation.override("en"):
        english = why_refused(error)
    with translation.override("zh-hant"):
        chinese = why_refused(error)
    assert english.isascii() and not chinese.isascii()


def test_a_limit_is_told_in_a_unit_that_people_use() -> None:
    with translation.override("en"):
        assert "2 seconds" in why_refused(AudioDecodeError("too_long", limit_s=2.0))
        assert "90 minutes" in why_refused(AudioDecodeError("too_long", limit_s=5400.0))
