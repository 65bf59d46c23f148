"""Clients have many names for a language."""

import pytest
from transformers.models.whisper.tokenization_whisper import LANGUAGES

from speech.languages import CODES, language_code, language_name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "zh"),
        ("zh-TW", "zh"),
        ("zh_Hant", "zh"),
        ("Chinese", "zh"),
        ("cmn-Hans-CN", "zh"),
        ("en-US", "en"),
        ("English", "en"),
        ("multi", "auto"),
        ("auto", "auto"),
        ("ja", "ja"),
        ("yue", "yue"),
        ("tw", "zh"),
        ("jp", "ja"),
    ],
)
def test_names(name, code):
    assert language_code(name) == code


@pytest.mark.parametrize("name", ["12", "z", "klingonese", "中文", "nan", "hak", "xx"])
def test_what_is_no_language_is_refused(name):
    with pytest.raises(ValueError, match="no language"):
        language_code(name)


def test_the_codes_are_whispers():
    assert set(LANGUAGES) == CODES


def test_the_names_of_verbose_answers():
    assert (language_name("zh"), language_name("ja")) == ("chinese", "ja")
