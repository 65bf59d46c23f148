"""The pure modules of the keyboard loop, run in the browser: undo, heard parts, phrases, corrections."""

import pytest

from tests.factories import make_user

# Each step: ["type", text] key by key at the caret | ["at", caret, text] | ["back", n] | ["whole", text]
# | ["pause"] | ["undo"] | ["redo"]
HISTORY = """async ([first, steps]) => {
  const {createHistory} = await import("/static/annotation/js/history.js");
  const history = createHistory(first);
  let text = first, caret = first.length;
  const put = (next, at, single) => { text = next; caret = at; history.record(text, {single, caret}); };
  for (const [name, value, more] of steps) {
    if (name === "at") caret = value;
    if (name === "type" || name === "at")
      for (const c of name === "at" ? more : value)
        put(text.slice(0, caret) + c + text.slice(caret), caret + c.length, true);
    if (name === "back")
      for (let i = 0; i < value; i++) put(text.slice(0, caret - 1) + text.slice(caret), caret - 1, true);
    if (name === "whole") put(value, value.length, false);
    if (name === "pause") history.pause();
    if (name === "undo" || name === "redo") {
      const step = history[name]();
      if (step) ({text, caret} = step);
    }
  }
  return [text, caret];
}"""

CASES = {
    "a word at a time": ("", [["type", "met forming"], ["undo"]], "met "),
    "then the word before": ("", [["type", "met forming"], ["undo"], ["undo"]], ""),
    "and again": ("", [["type", "met forming"], ["undo"], ["undo"], ["redo"], ["redo"]], "met forming"),
    "a hanzi is a word": ("", [["type", "高血"], ["undo"]], "高"),
    "a slip inside a word is no step": (
        "",
        [["type", "metg"], ["back", 1], ["type", "formin"], ["undo"]],
        "",
    ),
    "typed and taken back is nothing": (
        "甲",
        [["whole", "甲乙"], ["type", "x"], ["back", 1], ["undo"]],
        "甲",
    ),
    "and typing goes on from there": ("甲", [["type", "x"], ["back", 1], ["type", "yz"], ["undo"]], "甲"),
    "a paste is one step": ("", [["type", "met "], ["whole", "met 一二三 abc"], ["undo"]], "met "),
    "typing after a paste is another": ("", [["whole", "abc"], ["type", "def"], ["undo"]], "abc"),
    "a deleted word comes back whole": ("服 forming", [["back", 7], ["undo"]], "服 forming"),
    "two deleted words one by one": ("met forming", [["back", 11], ["undo"]], "met"),
    "typed elsewhere is another edit": ("", [["type", "met"], ["at", 0, "x"], ["undo"]], "met"),
    "a click parts edits": ("", [["type", "met"], ["pause"], ["type", "form"], ["undo"]], "met"),
    "what is typed anew ends the redo": ("", [["type", "ab "], ["undo"], ["type", "c"], ["redo"]], "c"),
    "nothing before the beginning": ("甲", [["undo"], ["undo"], ["redo"]], "甲"),
    "beyond the Basic Plane": ("", [["whole", "𠮷"], ["type", "a"], ["undo"]], "𠮷"),
}


@pytest.fixture
def page(page_of):
    page = page_of(make_user())
    page.goto("/")
    return page


def test_undo_takes_back_one_word_and_never_more(page):
    for name, (first, steps, expected) in CASES.items():
        assert page.evaluate(HISTORY, [first, steps])[0] == expected, name


def test_after_a_step_the_caret_stands_where_the_change_was(page):
    assert page.evaluate(HISTORY, ["a b c", [["at", 1, "x"], ["undo"]]]) == ["a b c", 1]
    assert page.evaluate(HISTORY, ["a b c", [["at", 1, "x"], ["undo"], ["redo"]]]) == ["ax b c", 2]


def test_random_edits_all_come_back(page):
    """Whatever was done: undone to the end it is the first text, redone to the end the last."""
    assert (
        page.evaluate("""async () => {
      const {createHistory} = await import("/static/annotation/js/history.js");
      const alphabet = [..."ab 高血，1"];
      let seed = 7;
      const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
      for (let round = 0; round < 200; round++) {
        const first = "ab 高血";
        let text = first;
        const history = createHistory(first);
        const seen = new Set([first]);
        for (let i = 0; i < 60; i++) {
          const at = random(text.length + 1), gone = random(3), single = random(2) === 0;
          const put = single ? alphabet[random(alphabet.length)] : alphabet.slice(0, random(4)).join("");
          text = text.slice(0, at) + put + text.slice(at + (single ? 0 : gone));
          history.record(text, {single, caret: at + put.length});
          seen.add(text);
        }
        const last = text;
        for (let step; (step = history.undo());) {
          text = step.text;
          if (!seen.has(text)) return `never written: ${text}`;
        }
        if (text !== first) return `not the first: ${text}`;
        for (let step; (step = history.redo());) text = step.text;
        if (text !== last) return `not the last: ${text}`;
      }
      return "good";
    }""")
        == "good"
    )


def test_heard_parts_add_up_and_jumps_do_not_count(page):
    assert page.evaluate("""async () => {
      const {createHeard} = await import("/static/annotation/js/heard.js");
      const heard = createHeard(3000);
      const play = (from, to, step = 20, rate = 1) => {
        heard.at(from, false, 0);
        for (let ms = from; ms <= to; ms += step) heard.at(ms, true, ms / rate, rate);
        heard.at(to, false, to);
      };
      const found = [heard.firstMissingMs];
      play(0, 1000); found.push(heard.firstMissingMs);
      heard.at(1000, true, 0); heard.at(2800, true, 20); found.push(heard.firstMissingMs);  // a jump
      play(2000, 2800, 20, 1.5); found.push(heard.firstMissingMs, heard.missingMs);
      play(900, 2100, 1200); found.push(heard.firstMissingMs, heard.missingMs);  // a busy browser
      return found;
    }""") == [0, 1000, 1000, 1000, 1000, None, 0]


def test_a_phrase_lies_between_two_pauses(page):
    assert page.evaluate("""async () => {
      const {phraseAt, spanOf, wordsAt} = await import("/static/annotation/js/word_spans.js");
      const words = [[0, 300], [320, 600], [1200, 1500], [1500, 1900]].map(([start_ms, end_ms], i) =>
        ({start_ms, end_ms, from: 2 * i, to: 2 * i + 2}));
      words.push({start_ms: null, end_ms: null, from: 8, to: 9});
      return [
        phraseAt(words, 100), phraseAt(words, 900), phraseAt(words, 1300), phraseAt(words, 9000),
        phraseAt([], 5),
        spanOf(wordsAt(words, 1, 5), 200), spanOf(wordsAt(words, 8, 9), 200),
        wordsAt(words, 3, 3).map((word) => word.from), wordsAt(words, 9, 9).map((word) => word.from),
      ];
    }""") == [[0, 600], [0, 600], [1200, 1900], [1200, 1900], None, [0, 1700], None, [2], [8]]


def test_corrections_are_pairs_of_what_was_and_what_is(page):
    corrections = """async ([words, before, after]) => {
      const {carry, locate} = await import("/static/annotation/js/alignment.js");
      const {correctionsOf} = await import("/static/annotation/js/corrections.js");
      const located = locate(words.map((text) => ({text})), before);
      const now = carry(located, before, after);
      return correctionsOf(located, now, before, after).map((one) => [one.wrong, one.right]);
    }"""
    words, before = ["服", "用", "met", "forming", "五", "百"], "服用 met forming 五百"
    for after, expected in [
        ("服用 Metformin 五百", [["met forming", "Metformin"]]),
        (before, []),
        ("服用 五百", []),  # left out: no word to put elsewhere
        ("", []),
        ("服用 met forming 六百", [["五", "六"]]),
        ("福用 met forming 五白", [["服", "福"], ["百", "白"]]),
    ]:
        assert page.evaluate(corrections, [words, before, after]) == expected, after
