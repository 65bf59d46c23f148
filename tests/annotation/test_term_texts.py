"""Term lists as spreadsheets save them; how terms sound; what typing a few letters finds."""

import pytest

from annotation.texts.pinyin import pinyin_of, plain, typed_as
from annotation.texts.suggestions import Suggester, as_search, forms_from, forms_of
from annotation.texts.term_files import TermFileError, read_term_file
from speech.lexicon import Term

LIST = "詞彙,別名,類別\n二甲雙胍,Metformin|庫魯化,藥物\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp950", "utf-16"])
def test_a_list_is_read_in_every_encoding_that_spreadsheets_write(encoding):
    (row,), noticed = read_term_file(LIST.encode(encoding))
    assert (row.line, row.text, row.aliases, row.kind) == (2, "二甲雙胍", ("Metformin", "庫魯化"), "drug")
    assert noticed == {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def test_without_a_header_the_columns_stand_in_their_order():
    rows, _ = read_term_file(b"Metformin\tGlucophage\t\tdrug\n\nAspirin\n")
    assert [(row.line, row.text, row.aliases, row.kind) for row in rows] == [
        (1, "Metformin", ("Glucophage",), "drug"),
        (3, "Aspirin", (), None),
    ]


def test_a_header_may_put_the_columns_in_another_order():
    (row,), _ = read_term_file("kind;note;Term\n手術;x;Appendectomy\n".encode())
    assert (row.text, row.kind) == ("Appendectomy", "procedure")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",Glucophage", "no_text"),
        ("。。。", "no_letters"),
        ("Aspirin,,,vegetable", "kind_unknown"),
        ("@cmd", "starts_with_sign"),
        ("Aspirin,=1", "starts_with_sign"),
        ("a" * 121, "too_long"),
        ("Aspirin,,123", "no_pinyin"),
        ("Aspirin\ufffd", "damaged"),
    ],
)
def test_a_bad_line_says_what_is_wrong_and_spoils_no_other(line, problem):
    bad, good = read_term_file(f"{line}\nMetformin\n".encode())[0]
    assert (bad.problem, good.problem) == (problem, "")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"\xef\xbb\xbfterm,alias\n\n", "empty"), (b"\x81\x00\xff\xff", "encoding")],
)
def test_a_file_that_is_no_list_is_refused(content, code):
    with pytest.raises(TermFileError) as refused:
        read_term_file(content)
    assert refused.value.code == code


def test_a_quote_that_is_never_closed_is_no_crash():
    rows, _ = read_term_file(b'Aspirin\n"' + b"x" * 200_000)
    assert [row.problem for row in rows] == ["", "damaged"]


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("二甲雙胍", "èr jiǎ shuāng guā"),
        ("銀行", "yín háng"),  # by the word, in traditional characters too
        ("行為治療", "xíng wéi zhì liáo"),
        ("重症", "zhòng zhèng"),
        ("頸椎", "jǐng zhuī"),
        ("CT 掃描", "CT sǎo miáo"),
        ("Metformin", ""),
    ],
)
def test_hanzi_are_read_as_in_their_word(text, sounds):
    assert pinyin_of(text) == sounds


@pytest.mark.parametrize(("written", "typed"), [("nǚ xìng", "nv xing"), ("er4 jia3", "er jia"), ("", "")])
def test_pinyin_is_compared_as_it_is_typed(written, typed):
    assert " ".join(plain(written)) == typed


def test_every_reading_may_be_typed():
    assert {"jingzhui", "jingchui", "jz"} <= set(typed_as("頸椎"))


FORMS = [
    *forms_of(Term("Metformin", ("二甲雙胍", "Glucophage"), "drug")),
    *forms_of(Term("Metoclopramide", (), "drug")),
    *forms_of(Term("血壓")),
    *forms_of(Term("鼻胃管")),
    *forms_of(Term("Magnesium")),
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("met", ["Metformin", "Metoclopramide"]),
        ("METF", ["Metformin"]),
        ("glu", ["Glucophage"]),
        ("二甲", ["二甲雙胍"]),
        ("二甲双", ["二甲雙胍"]),  # typed in simplified characters
        ("ejsg", ["二甲雙胍"]),
        ("erjia", ["二甲雙胍"]),
        ("xy", ["血壓"]),
        ("zzz", []),
        ("", []),
        (" ", []),
    ],
)
def test_a_few_letters_find_the_form_that_was_meant(typed, found):
    assert [one.text for one in Suggester(FORMS).find(typed)] == found


def test_text_comes_before_sound_and_short_before_long():
    forms = [*forms_of(Term("麻藥")), *forms_of(Term("Mayo stand")), *forms_of(Term("Mayo"))]
    assert [one.text for one in Suggester(forms).find("may")] == ["Mayo", "Mayo stand", "麻藥"]
    assert len(Suggester(forms).find("may", most=2)) == 2


def test_forms_come_back_from_what_is_stored():
    term = Term("Metformin", ("二甲雙胍",), "drug")
    forms = forms_of(term, "er jia shuang gua")
    assert forms_from(term, as_search(forms)) == forms
