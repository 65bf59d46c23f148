# ruff: noqa: F811  fixtures are imported
"""The live page's own arithmetic, module by module: text, loudness, backlog, figures, the state line."""

import json
from pathlib import Path

import pytest

from tests.browser.test_dictations import clinician, page, window  # noqa: F401

CASES = Path(__file__).parents[1] / "inference" / "texts" / "flow_cases.json"
MODULES = "/static/inference/js"


def test_the_browser_writes_the_same_running_text_as_the_server(page):
    cases = json.loads(CASES.read_text())
    written = page.evaluate(
        """async ([modules, cases]) => {
          const { runningText } = await import(`${modules}/flow.js`);
          const said = (rows) => rows.map(([text, start_ms, end_ms]) => ({ text, start_ms, end_ms }));
          return cases.map((one) => [runningText(said(one.said)), runningText(said(one.said), false)]);
        }""",
        [MODULES, cases],
    )
    assert written == [[one["text"], one["bare"]] for one in cases]


def test_loudness_is_told_in_plain_words(page):
    told = page.evaluate(
        """async (modules) => {
          const { Level } = await import(`${modules}/level.js`);
          const of = (count, peak) => Array(count).fill(peak);
          const after = (...peaks) => {
            const level = new Level();
            return peaks.flat().map((one) => level.heard(one)).at(-1);
          };
          return [after(of(49, 0)), after(of(50, 0)), after(of(150, 0.01)), after(of(150, 0.01), 0.3),
            after(of(10, 1), of(5, 0.2))];
        }""",
        MODULES,
    )
    assert told == ["", "silent", "faint", "", "clipped"]


def test_a_full_backlog_says_so_and_loses_nothing(page):
    seen = page.evaluate(
        """async (modules) => {
          const { Backlog } = await import(`${modules}/backlog.js`);
          const backlog = new Backlog(300), full = [];
          for (let i = 0; i < 4; i++) { full.push(backlog.full); backlog.add(new ArrayBuffer(3200)); }
          backlog.startAt(2);
          return [full, backlog.ms, backlog.frames.map(({ seq }) => seq), backlog.nextSeq];
        }""",
        MODULES,
    )
    assert seen == [[False, False, False, True], 200, [2, 3], 4]


def test_a_models_own_figures_are_read_as_corrections_have_shown_them(page):
    figures = page.evaluate(
        """async (modules) => {
          const { calibrated, doubtOf } = await import(`${modules}/words.js`);
          const curve = [[0.5, 0.2], [0.9, 0.8]];
          const read = [0.7, 0.1, 0.99].map((one) => calibrated(one, curve));
          return [...read, calibrated(0.7, []),
            doubtOf(calibrated(0.7, curve)), doubtOf(null)];
        }""",
        MODULES,
    )
    assert figures == [pytest.approx(0.5), 0.2, 0.8, 0.7, 2, 0]


def test_a_screen_reader_hears_the_state_line_only_when_its_words_change(page):
    heard = page.evaluate(
        """async (modules) => {
          const { StateLine } = await import(`${modules}/state.js`);
          const words = JSON.parse(document.getElementById("live-config").textContent).strings;
          const heard = [], element = document.createElement("p");
          const line = new StateLine(element, words, (text) => heard.push(text));
          const link = { session: "s", state: "open", backlog: { ms: 0 } };
          const after = (message) => {
            line.hear(message);
            line.show("recording", link);
          };
          for (let at = 1; at < 30; at++) after({ type: "ack", saved_ms: 100 * at });
          after({ type: "error", code: "engine_unavailable" });
          line.own = "mic_lost";
          line.show("paused", link);
          line.own = ""; // the button was pressed: what the engine has is not over by that
          after({ type: "ack", saved_ms: 4000 });
          after({ type: "engine_back" });
          return heard;
        }""",
        MODULES,
    )
    away = "Recognition does not answer: you are being recorded, the text comes later"
    lost = "The microphone was taken away; press to go on"
    assert heard == [
        "Saved to 0:00.1",
        f"Saved to 0:02.9 · {away}",
        f"Paused, the microphone is off · Saved to 0:02.9 · {lost} · {away}",
        f"Saved to 0:04.0 · {away}",
        "Saved to 0:04.0",
    ]


def test_the_state_line_tells_what_is_safe_and_what_is_wrong(page):
    told = page.evaluate(
        """async (modules) => {
          const { StateLine } = await import(`${modules}/state.js`);
          const words = JSON.parse(document.getElementById("live-config").textContent).strings;
          const element = document.createElement("p"), line = new StateLine(element, words);
          const link = { session: "s", state: "open", backlog: { ms: 0 } };
          const after = (message, mode = "recording") => {
            line.hear(message);
            line.show(mode, link);
            return element.textContent;
          };
          const told = [after({ type: "ack", saved_ms: 724340 })];
          told.push(after({ type: "engine_fallback", active: true }));
          told.push(after({ type: "engine_fallback", active: false }));
          told.push(after({ type: "error", code: "busy", retry_after_s: 4 }), after({ type: "ready" }));
          Object.assign(link, { state: "waiting", backlog: { ms: 3200 } });
          told.push(after({ type: "pong" }), element.dataset.wrong);
          return told;
        }""",
        MODULES,
    )
    assert told == [
        "Saved to 12:04.3",
        "Saved to 12:04.3 · recognition runs slower now",
        "Saved to 12:04.3",
        "Saved to 12:04.3 · Recognition is full at the moment: "
        "your words are kept here and sent in a few seconds",
        "Saved to 12:04.3",
        "Saved to 12:04.3 · connection lost, reconnecting… · 3.2 s more are kept in this page",
        "true",
    ]
