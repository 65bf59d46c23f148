"""A long recording in the browser: how soon one can type in it, and what a key costs.

Chromium against a server process of its own, on a recording of 60 minutes with 1,000 segments: the page of
the whole recording, and the correction page of one of its segments. Opening counts from the start of the
navigation to the frame in which the first field can be written in; a key from its keydown event to the next
frame, all that listens to it included. The browser does not wait for the screen: at 60 Hz that wait is 8 ms
on average and 17 at most, on a page with nothing but a text field too, and says nothing about the page.

Run: `python -m benchmarks.correction_long [--quick]`
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit

COMMAND = "python -m benchmarks.correction_long"
SEGMENTS, MINUTES = 1000, 60
OPEN_BAR_MS, KEY_BAR_MS = 1000.0, 16.0
CHROMIUM = "/usr/bin/chromium"
TEXT = "病人目前服用 metformin 五百毫克每日兩次血壓一百四十"

# Resolves with ms since the navigation started, in the first frame in which the field can be written in.
WRITABLE = """(selector) => new Promise((resolve) => {
  const look = () => {
    const field = document.querySelector(selector);
    const box = field?.getBoundingClientRect();
    if (!box?.height || field.readOnly || box.top > innerHeight) return requestAnimationFrame(look);
    requestAnimationFrame((now) => resolve(now));
  };
  look();
})"""
# Collects ms from each keydown to the frame after it, work of all listeners included.
WATCH_KEYS = """() => {
  window.keyCosts = [];
  addEventListener("keydown", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => keyCosts.push(performance.now() - began);
      channel.port2.postMessage(null);
    });
  }, true);
}"""
# A frame is drawn when it is ready, not at the screen's next beat.
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu-vsync", "--disable-frame-rate-limit"]
EMPTY_PAGE = "data:text/html,<textarea rows=5 cols=60></textarea>"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def fill() -> dict[str, str]:
    """A recording of 60 minutes on disk with its segments, drafted -> the addresses and a session's key."""
    import numpy as np
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.models import Membership, Role, Site, User
    from annotation.models import Hypothesis, Recording, RecordingStatus, Segment, SegmentStatus
    from base.storage import data_path
    from speech.audio import SAMPLE_RATE_HZ, peaks, write_flac

    site = Site.objects.create(name="bench", slug="bench")
    expert = User.objects.create_user(username="bench", password="bench")
    Membership.objects.create(user=expert, site=site, role=Role.EXPERT)
    data_path("audio").mkdir(parents=True, exist_ok=True)
    minute = np.random.default_rng(0).normal(0, 0.05, 60 * SAMPLE_RATE_HZ).astype(np.float32)
    write_flac(data_path("audio/bench.flac"), np.tile(minute, MINUTES))
    data_path("audio/bench.json").write_text(json.dumps(peaks(minute) * MINUTES))
    recording = Recording.objects.create(
        site=site,
        title="bench",
        original_sha256="0" * 64,
        status=RecordingStatus.DRAFTED,
        audio_path="audio/bench.flac",
        peaks_path="audio/bench.json",
        duration_ms=MINUTES * 60_000,
    )
    step_ms = MINUTES * 60_000 // SEGMENTS
    segments = Segment.objects.bulk_create(
        Segment(
            recording=recording,
            site=site,
            index=index,
            start_ms=index * step_ms,
            end_ms=index * step_ms + step_ms - 100,
            status=SegmentStatus.OPEN,
            speech_spans=[[0, step_ms - 200]],
        )
        for index in range(SEGMENTS)
    )
    words = [
        {"text": text, "start_ms": 100 * at, "end_ms": 100 * at + 90, "probability": 0.4 + 0.5 * (at % 2)}
        for at, text in enumerate(TEXT.replace(" metformin ", ""))
    ]
    heard = Hypothesis.objects.bulk_create(
        Hypothesis(
            segment=segment,
            text=f"{segment.index} {TEXT}",
            words=words,
            avg_logprob=-0.3,
            no_speech_prob=0.0,
            compression_ratio=1.0,
            language="zh",
            model_ref="bench",
            normaliser_version="bench",
        )
        for segment in segments
    )
    for segment, hypothesis in zip(segments, heard, strict=True):
        segment.hypothesis = hypothesis
    Segment.objects.bulk_update(segments, ["hypothesis"], batch_size=500)
    session = SessionStore()
    session[SESSION_KEY] = str(expert.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = expert.get_session_auth_hash()
    session.save()
    return {
        "session": session.session_key or "",
        "transcript": f"/recordings/{recording.uuid}/transcript/",
        "segment": f"/correct/{segments[SEGMENTS // 2].uuid}/",
    }


@contextmanager
def server() -> Iterator[str]:
    """The product's own server process on the same data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([root, f"{root}/platform", os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [*command, "--log-level", "error"], cwd=root, env={**os.environ, "PYTHONPATH": path}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline_s = time.monotonic() + 300
        while True:
            try:
                urllib.request.urlopen(f"{address}/login/", timeout=30)
                break
            except OSError:
                if time.monotonic() > deadline_s or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def opened_ms(page, url: str, field: str, opens: int) -> list[float]:  # type: ignore[no-untyped-def]
    values = []
    for _ in range(opens + 1):  # the first one fetches scripts and fills the server's caches
        page.goto(url, wait_until="commit")
        values.append(page.evaluate(WRITABLE, field))
    page.wait_for_selector("[data-mounted]:not([hidden])")
    return values[1:]


def typed_ms(page, field: str, keys: int) -> list[float]:  # type: ignore[no-untyped-def]
    page.locator(field).first.click()
    page.keyboard.press("End")
    page.wait_for_timeout(500)
    page.evaluate(WATCH_KEYS)
    for at in range(keys):
        page.keyboard.press("abcdefgh"[at % 8])
        page.wait_for_timeout(30)  # a fast typist; drafts are saved meanwhile
    page.wait_for_timeout(200)
    return page.evaluate("keyCosts")  # type: ignore[no-any-return]


def report(name: str, opened: list[float], keys: list[float], empty: list[float]) -> None:
    show(f"open_1000_segments{name}_ms", opened, OPEN_BAR_MS)
    show(f"keystroke{name}_p95_ms", keys, KEY_BAR_MS, empty)


def both(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(values), 1), "p95": round(percentile(values, 0.95), 1)}


def show(figure: str, values: list[float], bar: float, peer: Sequence[float] = ()) -> None:
    """The p95 if the figure says so in its name, else the median; the other one stands beside it."""
    at = "p95" if "_p95_" in figure else "p50"
    found, other = both(values), both(peer) if peer else {}
    emit(
        Figure(
            "correction_long",
            figure,
            found[at],
            "ms",
            COMMAND,
            "a page with nothing but a text field" if other else "",
            other.get(at),
            round(other[at] / found[at], 2) if other else None,
            bar,
            found[at] <= bar,
            found,
        )
    )


def main(opens: int, keys: int) -> None:
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; the rows are written before it starts.
    with scratch_database():
        rows = fill()
        with server() as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
            context.add_cookies([{"name": "sessionid", "value": rows["session"], "url": address}])
            page = context.new_page()
            page.goto(EMPTY_PAGE)
            empty = typed_ms(page, "textarea", keys)
            for name, field in (("transcript", ".line textarea"), ("segment", "#text")):
                opened = opened_ms(page, rows[name], field, opens)
                report(
                    "" if name == "transcript" else "_of_one_segment",
                    opened,
                    typed_ms(page, field, keys),
                    empty,
                )
            browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_known_args()[0].quick
    main(opens=5 if quick else 20, keys=100 if quick else 400)
