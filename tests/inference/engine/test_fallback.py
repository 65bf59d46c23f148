"""What is not shown as said."""

from inference.engine.fallback import check
from speech.types import Hypothesis


def test_plain_text_passes() -> None:
    checked = check(Hypothesis("病人血壓一百四十", avg_logprob=-0.2), 3000, 2500)
    assert (checked.hypothesis.text, checked.rejected) == ("病人血壓一百四十", False)


def test_text_in_silence_is_kept_aside() -> None:
    checked = check(Hypothesis("字幕志願者", avg_logprob=-1.5, no_speech_prob=0.9), 3000, 100)
    assert checked.hypothesis.text == ""
    assert checked.rejected_text == "字幕志願者"
    assert "silence" in checked.flags


def test_a_loop_of_hanzi_is_rejected() -> None:
    checked = check(Hypothesis("謝謝" * 30, avg_logprob=-0.1, compression_ratio=9.0), 6000, 5000)
    assert checked.rejected
    assert "repetition" in checked.flags


def test_a_list_of_keywords_in_doubt_is_a_leak_and_one_of_them_is_not() -> None:
    terms = ("心房顫動", "高血壓", "糖尿病", "腎衰竭")
    leak = check(Hypothesis("心房顫動、高血壓、糖尿病", avg_logprob=-0.8), 6000, 5000, hotwords=terms)
    said = check(Hypothesis("病人有高血壓跟心房顫動", avg_logprob=-0.8), 6000, 5000, hotwords=terms)
    assert (leak.rejected_text, said.rejected) == ("心房顫動、高血壓、糖尿病", False)


def test_the_sentence_before_may_be_said_again_clearly_and_not_in_doubt() -> None:
    before = "病人今天早上血壓一百四十五"
    clear = check(Hypothesis(before, avg_logprob=-0.1), 3000, 2500, prompt=before)
    doubtful = check(Hypothesis(before, avg_logprob=-0.9), 3000, 2500, prompt=before)
    assert (clear.rejected, doubtful.flags) == (False, ("prompt_leak",))
