"""The normaliser: what is the same text, what never is."""

import itertools
import random

import pytest

from speech.text import NORMALISER_VERSION, characters, normalise, prepare_label, tokens

SAME = [
    ("Metformin 500 MG", "metformin 500 mg"),
    ("５００ｍｇ", "500 mg"),
    ("500mg", "500 mg"),
    ("血壓：120/80 mmHg，心跳 72。", "血壓120/80mmHg心跳72"),
    ("血压 120 / 80", "血壓120/80"),
    ("電腦斷層", "电脑断层"),
    ("吃著藥", "吃着药"),
    ("台灣", "臺灣"),
    ("他說「不舒服」！", "他說不舒服"),
    ("X-ray", "x ray"),
    ("Parkinson's disease", "Parkinson’s disease"),
    ("1,000 ml", "1000 ml"),
    (".5 mg", "0.5 mg"),
    ("37.5℃", "37.5 °C"),
    ("SpO₂ 98 %", "SpO2 98%"),
    ("≧ 5", "≥5"),
    ("−0.5", "-0.5"),
    ("3～5 天", "3-5天"),
    ("2×3", "2x3"),
    ("µg", "μg"),
    ("10⁹/L", "10^9/L"),
    ("病 人 很 好", "病人很好"),
    ("Ca²⁺", "Ca2+"),
]
DIFFERENT = [
    ("3.5 mg", "35 mg"),
    ("-0.5", "0.5"),
    ("-0.5", "05"),
    ("120/80", "12080"),
    ("120/80", "120 80"),
    ("3 5", "35"),
    ("3,5", "35"),
    ("3、5", "35"),
    ("3。5", "35"),
    ("3…5", "35"),
    ("3:5", "35"),
    ("10:30", "1030"),
    ("3-5", "35"),
    ("3 -5", "3-5"),
    ("3~5", "35"),
    ("10²", "102"),
    ("10⁻³", "103"),
    ("10^-3", "10^3"),
    ("2½", "21/2"),
    ("m²25", "m225"),
    ("10²³", "10²3"),
    ("①②", "12"),
    ("1①", "11"),
    ("5%", "5"),
    ("5‰", "5%"),
    (">5", "<5"),
    ("≥5", ">5"),
    ("±5", "5"),
    ("Na+", "Na"),
    ("3+", "3"),
    ("3+", "4+"),
    ("1,000", "1,00"),
    ("1.000", "1000"),
    ("1.0", "10"),
    ("mg/kg", "mg kg"),
    ("mg", "μg"),
    ("毫克", "mg"),
    ("(+)", "(-)"),
    ("三點五", "三十五"),
    ("No.5", "No5"),
    ("T-2.5", "T2.5"),
    ("1/2", "12"),
    ("2x3", "23"),
    ("2*3", "23"),
    ("一百二十", "120"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_it_makes_the_same_of(left: str, right: str):
    assert characters(left) == characters(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_it_keeps_apart(left: str, right: str):
    assert characters(left) != characters(right)
    assert tokens(left) != tokens(right)


def test_it_keeps_what_stands_in_brackets():
    assert characters("CT(電腦斷層)異常") == "ct电脑断层异常"


def test_script_can_be_kept_apart():
    assert normalise("電腦", fold_script=False) != normalise("电脑", fold_script=False)


def test_tokens_are_hanzi_latin_words_and_numbers():
    assert tokens("給 Metformin 500mg q8h，BP 120/80") == [
        "给",
        "metformin",
        "500",
        "mg",
        "q8h",
        "bp",
        "120/80",
    ]


def test_nothing_gives_nothing():
    assert normalise(" ，。… ") == characters("") == ""
    assert tokens("！？") == []


def test_the_version_is_named():
    assert NORMALISER_VERSION == "auscult-text-1"


def make_number(rng: random.Random) -> str:
    whole = str(rng.choice([rng.randint(0, 12), rng.randint(100, 12000)]))
    sign = rng.choice(["", "", "", "-"])
    rest = rng.choice(["", "", f".{rng.randint(0, 99)}", f"/{rng.randint(1, 99)}", f":{rng.randint(0, 59)}"])
    return sign + whole + rest


def test_two_different_numbers_never_become_one():
    """Numbers, lists of numbers and numbers in a sentence: equal after normalising only if equal before."""
    rng = random.Random(0)
    seen: dict[str, tuple[str, ...]] = {}
    for _ in range(5000):
        numbers = tuple(make_number(rng) for _ in range(rng.randint(1, 3)))
        before, joint, after = (
            rng.choice(["", "劑量", "Hb "]),
            rng.choice([" ", "，", ", ", "、"]),
            rng.choice(["", "mg", "。"]),
        )
        key = characters(before) + "|" + characters(before + joint.join(numbers) + after).removesuffix("mg")
        assert seen.setdefault(key, numbers) == numbers
    assert len(seen) > 3000


def test_a_digit_never_meets_the_next_number_whatever_stands_between():
    """Any one character between two digits, other than a digit or what is not seen, keeps them apart."""
    separators = [
        chr(code)
        for block in ((0x20, 0x7F), (0xA0, 0x250), (0x2010, 0x2460), (0x3000, 0x3040), (0xFE30, 0xFF70))
        for code in range(*block)
    ]
    invisible = [c for c in separators if c.isprintable() is False and c != "\u3000" and not c.isspace()]
    for separator in separators:
        if separator.isdecimal() or separator in invisible:
            continue
        assert characters(f"3{separator}5") != "35", f"U+{ord(separator):04X}"


def test_normalising_twice_changes_nothing():
    rng = random.Random(1)
    alphabet = "35.,:/-+%~^ ()<>=±²½①xXmgA'’°C，。血壓藥著"
    texts = ["".join(rng.choices(alphabet, k=rng.randint(1, 12))) for _ in range(5000)]
    for text in itertools.chain(texts, (t for pair in SAME + DIFFERENT for t in pair)):
        once = normalise(text)
        assert normalise(once) == once, repr(text)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("  病人 服用  Metformin ５００ mg。 ", "病人服用 Metformin 500 mg。"),
        ("BP 120/80, Na+ 3.5", "BP 120/80, Na+ 3.5"),
        ("體溫\u200b 37.5 ℃", "體溫 37.5 °C"),
        ("", ""),
    ],
)
def test_a_training_target_keeps_case_script_and_punctuation(written: str, target: str):
    assert prepare_label(written) == target
