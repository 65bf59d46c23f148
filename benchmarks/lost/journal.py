"""What one change of the text costs the page, and how long until it outlives the browser."""

from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from benchmarks.figures import Figure
from benchmarks.lost.person import ARGUMENTS, CHROMIUM
from benchmarks.lost.servers import Server

CHANGES = 500
LONGEST_TEXT = 5000  # characters: the most that the server takes
MAIN_THREAD_BAR_MS = 1.0
# Median and 95th percentile of: the call itself (nothing else runs meanwhile), and until it is written.
MEASURE = """async ([module, changes, length]) => {
    const { openJournal, windowName } = await import(module);
    const journal = openJournal("bench");
    const entry = { segment: "bench", window: windowName(), kind: "draft", url: "/" };
    await journal.append({ ...entry, number: 0, at: 0, body: {} });
    const calls = [], writes = [];
    for (let number = 1; number <= changes; number += 1) {
        const text = "病".repeat(length) + number;
        const started = performance.now();
        const written = journal.append({ ...entry, number, at: started, body: { text, base_text: text } });
        calls.push(performance.now() - started);
        await written;
        writes.push(performance.now() - started);
    }
    await journal.drop("bench", entry.window, changes);
    const at = (values, share) => values.sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
    return [at(calls, 0.5), at(calls, 0.95), at(writes, 0.5), at(writes, 0.95)];
}"""


def journal_figures(command: str) -> Iterator[Figure]:
    server = Server()
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.port}/login/")
            module = "/static/annotation/js/journal.js"
            for length in (100, LONGEST_TEXT):
                figures = page.evaluate(MEASURE, [module, CHANGES, length])
                names = ("main_thread_p50_ms", "main_thread_p95_ms", "written_p50_ms", "written_p95_ms")
                for name, value in zip(names, figures, strict=True):
                    bar = MAIN_THREAD_BAR_MS if name.startswith("main") else None
                    yield Figure(
                        "lost",
                        f"journal_{name}_at_{length}_characters",
                        round(value, 3),
                        "ms",
                        command,
                        bar=bar,
                        holds=None if bar is None else value <= bar,
                    )
            browser.close()
    finally:
        server.kill()
