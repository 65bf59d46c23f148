"""Terms: read, found by any name, nearly heard."""

from pathlib import Path

import pytest

from speech.lexicon import Lexicon, LexiconError, Term, read_terms

METFORMIN = Term("Metformin", ("Glucophage", "庫魯化"))
CT = Term("電腦斷層", ("CT",))
CT_SCAN = Term("CT scan")
LEXICON = Lexicon([METFORMIN, CT, CT_SCAN, Term("Amlodipine"), Term("Insulin glargine")])


def test_terms_are_read_with_their_aliases(tmp_path: Path):
    (tmp_path / "t.tsv").write_text(
        "# drugs\nMetformin\tGlucophage|庫魯化\tnote\n\nAspirin\n", encoding="utf-8"
    )
    assert read_terms(tmp_path / "t.tsv") == [METFORMIN, Term("Aspirin")]


@pytest.mark.parametrize("content", [b"\tGlucophage\n", b"\xff\xfe\x00"])
def test_a_bad_list_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "t.tsv").write_bytes(content)
    with pytest.raises(LexiconError):
        read_terms(tmp_path / "t.tsv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("給 METFORMIN 500mg", [METFORMIN]),
        ("庫魯化和电脑断层", [METFORMIN, CT]),
        ("安排 CT scan，不是 CT", [CT_SCAN, CT]),
        ("doctor said nothing", []),
        ("", []),
    ],
)
def test_terms_are_found(text: str, expected: list[Term]):
    assert LEXICON.find(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("給 metforming 500", [("metforming", "Metformin", 1)]),
        ("給 amlo dipin", [("amlodipin", "Amlodipine", 1)]),
        ("insuline glargin", [("insulineglargin", "Insulin glargine", 2)]),
        ("做電腦斷成", [("电脑断成", "電腦斷層", 1)]),
        ("給 metformin", []),
        ("給 cat", []),
        ("完全不同的句子 something else", []),
    ],
)
def test_near_misses_are_found(text: str, expected: list[tuple[str, str, int]]):
    assert [(m.heard, m.term.text, m.distance) for m in LEXICON.near_misses(text)] == expected
