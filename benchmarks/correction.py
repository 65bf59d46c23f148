"""How soon the next segment is seen: from the key that confirms one to the next one's text and waveform.

A real Chromium at a real web process, with the segments of `benchmarks.queue.fill`. The person looks at each
for a moment: that is when the next ones are fetched. Peer: the same with nothing fetched ahead.
Run: `python -m benchmarks.correction [--quick]`
"""

import argparse
import os
import sys

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit

BAR_MS = 100.0
LOOKS_MS = 1500
SEGMENTS = 20_000
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
# From the key to the end of the frame that shows another segment's text and waveform: what is there when it
# begins is painted in it, and the next message comes through after it.
WATCH = """() => {
  window.shown = [];
  let begun = 0, from = "";
  const isThere = () => location.pathname !== from
    && document.querySelector("#text")?.value
    && document.querySelector("[data-waveform] > div")?.shadowRoot?.querySelector("canvas")?.width > 0;
  const look = () => requestAnimationFrame(() => {
    if (!isThere()) return look();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => shown.push(performance.now() - begun);
    channel.port2.postMessage(null);
  });
  addEventListener("keydown", (event) => {
    if (!event.ctrlKey || event.key !== "Enter") return;
    begun = performance.now();
    from = location.pathname;
    look();
  }, true);
}"""


def visible_ms(submits: int, *, ahead: bool = True) -> list[float]:
    """One expert confirms so many segments -> the milliseconds until each next one is seen."""
    from playwright.sync_api import sync_playwright

    from benchmarks.queue.edge import cookie_of, serving
    from benchmarks.queue.fill import fill, write_sound

    write_sound()
    cookie = cookie_of(fill(SEGMENTS, 1).experts[0])
    with serving(1) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        url = f"http://127.0.0.1:{port}"
        context = browser.new_context(base_url=url)
        pairs = (pair.split("=") for pair in cookie.split("; "))
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in pairs])
        page = context.new_page()
        if not ahead:
            page.route("**/correct/ahead/", lambda route: route.abort())
        page.goto("/correct/")
        page.evaluate(WATCH)
        for done in range(submits):
            page.wait_for_selector("[data-mounted]:not([hidden])")
            page.wait_for_timeout(LOOKS_MS)
            page.keyboard.press("Control+Enter")
            page.wait_for_function("(n) => shown.length > n", arg=done)
        found = page.evaluate("shown")
        browser.close()
    return found


def main(submits: int) -> None:
    from benchmarks.queue.load import percentiles

    with scratch_database():
        if not os.path.exists(CHROMIUM):
            print(f"There is no Chromium at {CHROMIUM}: left out.", file=sys.stderr)
            return
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright's loop runs in this thread
        found, peer = percentiles(visible_ms(submits)), percentiles(visible_ms(submits // 2, ahead=False))
    emit(
        Figure(
            "correction",
            "next_segment_visible_ms",
            found["p95"],
            "ms",
            "python -m benchmarks.correction",
            "nothing fetched ahead",
            peer["p95"],
            round(peer["p95"] / found["p95"], 1),
            BAR_MS,
            found["p95"] <= BAR_MS,
            {
                "p50": found["p50"],
                "peer_p50": peer["p50"],
                "submits": submits,
                "machine_load": os.getloadavg()[0],
            },
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 submits in place of 60")
    main(20 if parser.parse_args().quick else 60)
