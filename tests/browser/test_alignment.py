"""The pure module that carries the draft's words into the text as it is now, run in the browser."""

from tests.factories import make_user

CARRY = """async ([words, before, after]) => {
  const {carry, locate} = await import("/static/annotation/js/alignment.js");
  return carry(locate(words.map((text) => ({text})), before), before, after)
    .map((word) => [word.from, word.to, word.touched]);
}"""


# words of the draft, the draft, the text now -> from, to, touched of each word
CASES = [
    (["a", "bc"], "a bc", "a bc", [[0, 1, False], [2, 4, False]]),
    (["a", "bc"], "a bc", "xx a bc", [[3, 4, False], [5, 7, False]]),  # moved by an insertion
    (["服", "用", "met"], "服用 met", "服用 Metformin", [[0, 1, False], [1, 2, False], [4, 6, True]]),
    (["一", "二", "三"], "一二三", "一三", [[0, 1, False], [1, 1, True], [1, 2, False]]),  # gone
    (
        ["一", "二", "三", "四"],
        "一二三四",
        "壹二三肆",
        [[0, 0, True], [1, 2, False], [2, 3, False], [3, 3, True]],
    ),
    (["好", "好"], "好好", "好", [[0, 1, False], [1, 1, True]]),
    (["x", "不在"], "x", "", [[0, 0, True], [0, 0, True]]),
    (["a", "trial"], "a trial", "atrial trial", [[0, 1, True], [7, 12, False]]),  # grown into another word
    (["met", "form"], "met form", "metform", [[0, 3, True], [3, 7, True]]),
    ([], "", "新", []),
]


def test_words_are_found_again(page_of):
    page = page_of(make_user())
    page.goto("/")
    for words, before, after, expected in CASES:
        assert page.evaluate(CARRY, [words, before, after]) == expected, (before, after)
