"""Running text from utterances: the same table is read by the browser's tests."""

import json
from pathlib import Path

import pytest

from inference.texts.flow import Said, flow, running_text

CASES = json.loads((Path(__file__).parent / "flow_cases.json").read_text())


def said(rows: list) -> list[Said]:
    return [Said(index, *row) for index, row in enumerate(rows)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_pauses_become_marks_and_paragraphs(case):
    assert running_text(said(case["said"])) == case["text"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_without_marks_the_words_alone_stand_there(case):
    assert running_text(said(case["said"]), marks=False) == case["bare"]


def test_the_words_are_never_changed():
    rows = said([["頭痛 ", 0, 900], ["Metformin", 1000, 2000], ["", 2000, 2100]])
    assert [piece.said for piece in flow(rows)] == rows[:2]
