"""Doubt: word probabilities, expected errors, and each hallucination flag with what it must not flag."""

from math import log

import pytest

from speech.confidence import (
    compression_ratio,
    expected_errors,
    hallucination_flags,
    prompt_leaked,
    speech_rates,
    words_from_tokens,
)
from speech.types import Hypothesis, Token, Word


def make_hypothesis(text: str, **fields) -> Hypothesis:
    return Hypothesis(**{"avg_logprob": -0.1, "no_speech_prob": 0.01, **fields}, text=text)


def flags(text: str, duration_ms: int = 6000, speech_ms: int = 5000, **fields) -> list[str]:
    return hallucination_flags(make_hypothesis(text, **fields), duration_ms, speech_ms)


@pytest.mark.parametrize(
    "text",
    [
        "病人病人病人病人病人病人",
        "好的好的好的好的好的",
        "the patient the patient the patient the patient",
        "對對對對對對對對對對",
        "請多休息請多休息請多休息",
        "嗯，嗯，嗯，嗯，嗯，嗯，嗯，嗯，嗯",
        "我們來看一下這個病人的情況 " * 4,
    ],
)
def test_going_in_circles_is_flagged(text: str):
    assert "repetition" in flags(text, 60_000, 60_000)


@pytest.mark.parametrize(
    "text",
    [
        "病人目前服用 Metformin 500 mg 每日兩次",
        "好好好，我知道了",
        "對對對對，就是這樣",
        "一百二十，一百三十，一百四十",
        "電話零九零零零零零零零零",
        "1000000 單位",
        "早上一顆中午一顆晚上一顆",
        "血壓一百二十八十，心跳七十二，呼吸十八，體溫三十六點五，血氧百分之九十八",
        "q8h q8h",
        "Na 135 K 3.5 Cl 100",
        "哈哈哈",
        "",
    ],
)
def test_what_people_say_is_not_flagged(text: str):
    assert flags(text, 5_000, 3_500 if text else 0) == []


@pytest.mark.parametrize(
    ("text", "speech_ms", "is_flagged"),
    [
        ("病人今天早上血壓正常沒有不舒服" * 2, 1000, True),
        ("病人今天早上血壓正常沒有不舒服", 2500, False),
        ("please give him five hundred milligrams of metformin twice daily", 1000, True),
        ("please give him five hundred milligrams of metformin twice daily", 4000, False),
        ("給 metformin 500 mg 每日兩次", 2500, False),
        ("好", 250, False),
    ],
)
def test_nobody_speaks_so_fast(text: str, speech_ms: int, is_flagged: bool):
    assert ("impossible_rate" in flags(text, 30_000, speech_ms)) == is_flagged


@pytest.mark.parametrize(
    "text",
    [
        "字幕志愿者 李宗盛",
        "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目",
        "请不吝点赞 订阅",
        "Thanks for watching!",
        "謝謝觀看，下次見。",
        "Subtitles by the Amara.org community",
    ],
)
def test_subtitle_credits_are_known(text: str):
    assert "known_phrase" in flags(text)


def test_a_courtesy_is_flagged_only_when_doubtful():
    assert flags("謝謝大家") == []
    assert "known_phrase" in flags("謝謝大家", avg_logprob=-0.9)
    assert "known_phrase" in flags("Thank you.", no_speech_prob=0.7)
    assert flags("謝謝醫師，我明天再來", avg_logprob=-0.9) == []


def test_words_without_speech_and_speech_without_words():
    assert "words_without_speech" in flags("病人", 3000, 0)
    assert flags("", 3000, 0) == []
    assert flags("", 3000, 2500) == ["speech_without_words"]
    assert flags("。。。", 3000, 2500) == ["speech_without_words"]
    assert flags("嗯", 15_000, 12_000) == ["speech_without_words"]
    assert flags("嗯", 3000, 700) == []


def test_rates_by_language():
    rates = speech_rates("給 metformin 500 mg 每日兩次", 5000)
    assert rates == {"zh": 1.0, "en": 11 / 5, "all": (5 + 11 + 3) / 5}
    assert speech_rates("", 0) == {"zh": 0.0, "en": 0.0, "all": 0.0}


def test_tokens_become_words_with_their_times():
    parts = [
        Token("給", log(0.9)),
        Token(" Met", log(0.8)),
        Token("formin", log(0.5)),
        Token("，病人", log(0.6)),
    ]
    words = words_from_tokens(parts, [(0, 200), (200, 500), (500, 900), (1000, 1300)])
    assert [(w.text, w.start_ms, w.end_ms) for w in words] == [
        ("給", 0, 200),
        ("Metformin", 275, 900),
        ("病", 1100, 1200),
        ("人", 1200, 1300),
    ]
    assert [w.probability for w in words] == pytest.approx([0.9, 0.4, 0.6, 0.6])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["3", ".", "5", " mg", "。"], ["3.5", "mg"]),
        (["BP", " 120", "/", "80", ","], ["BP", "120/80"]),
        (["Na+", "(", "低", ")"], ["Na+", "低"]),
        (["。", "！", " "], []),
        ([], []),
    ],
)
def test_punctuation_is_no_word(texts: list[str], expected: list[str]):
    assert [w.text for w in words_from_tokens([Token(t, -0.1) for t in texts])] == expected


def test_expected_errors_come_from_word_probabilities():
    words = (Word("病", 0, 1, 0.5), Word("Metformin", 1, 2, 0.9), Word("人", 2, 3, None))
    assert expected_errors(make_hypothesis("", words=words)) == pytest.approx(0.5 + 0.9)
    tokens = (Token("病", log(0.5)), Token("人", 0.0))
    assert expected_errors(make_hypothesis("病人", tokens=tokens)) == pytest.approx(0.5)
    assert expected_errors(make_hypothesis("")) == 0.0


def test_compression_is_of_the_text():
    assert compression_ratio("") == 0.0
    assert compression_ratio("病人目前服用降血壓藥") < 1.2
    assert compression_ratio("the patient " * 20) > 2.4


TERMS = ("Metformin", "Lisinopril", "血壓", "心電圖")
BEFORE = "病人昨天晚上開始發燒而且咳嗽得很厲害"


@pytest.mark.parametrize(
    "text",
    [
        "metformin, lisinopril, 血壓",
        "今天 Lisinopril、血壓、心電圖。",
        "昨天晚上開始發燒而且咳嗽得很厲害",
        "晚上開始發燒而且咳嗽得很厲害 然後吐了",
    ],
)
def test_what_was_told_and_comes_back_is_a_leak(text: str):
    assert prompt_leaked(text, TERMS, BEFORE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Metformin 一天兩次",
        "血壓和心電圖都正常",
        "他吃 Metformin 和 Lisinopril",
        "開始發燒",
        "今天沒有咳嗽",
    ],
)
def test_terms_and_repeats_that_people_say_are_none(text: str):
    assert not prompt_leaked(text, TERMS, BEFORE)


def test_without_a_prompt_nothing_leaks():
    assert not prompt_leaked("metformin, lisinopril, 血壓")
