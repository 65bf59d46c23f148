"""The rows as pictures: how late text is with more and more people at once."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.live.results import BOUND_MS, Row

# Told apart by line and mark as well as by colour.
STYLES = {
    "auscult": ("#0b5fa5", "-", "o", "Auscult"),
    "whisperlive": ("#b3541e", "--", "s", "WhisperLive, batched"),
    "whisperlive-lock": ("#7a4fa3", ":", "^", "WhisperLive, one lock"),
    "whisperlivekit": ("#2e7d32", "-.", "D", "WhisperLiveKit"),
}


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """-> the pictures that were written."""
    final = _picture(
        rows, folder / "live_latency.png", "final_latency_ms_p95", "final text after the last word, p95 (s)"
    )
    character = _picture(
        rows, folder / "live_characters.png", "char_latency_ms_p50", "character stands there, median (s)"
    )
    return [final, character]


def _picture(rows: Sequence[Row], path: Path, value: str, label: str) -> Path:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5), dpi=120)
    for server in dict.fromkeys(row.server for row in rows):
        colour, line, mark, name = STYLES.get(server, ("#555555", "-.", "x", server))
        own = sorted((r for r in rows if r.server == server and r.aware), key=lambda r: r.clients)
        points = [(r.clients, getattr(r, value) / 1000) for r in own if getattr(r, value) is not None]
        axes.plot(
            [clients for clients, _ in points],
            [seconds for _, seconds in points],
            color=colour,
            linestyle=line,
            marker=mark,
            label=name,
        )
        lossy = [(r.clients, getattr(r, value) / 1000) for r in own if getattr(r, value) and r.lost_audio_ms]
        axes.scatter(
            [clients for clients, _ in lossy],
            [seconds for _, seconds in lossy],
            s=120,
            facecolors="none",
            edgecolors="#c00000",
        )
    axes.axhline(BOUND_MS / 1000, color="#999999", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(pyplot.FuncFormatter(lambda clients, _: f"{clients:g}"))
    axes.yaxis.set_major_formatter(pyplot.FuncFormatter(lambda seconds, _: f"{seconds:g}"))
    axes.set_xlabel("people dictating at once (ringed: sound was lost)")
    axes.set_ylabel(label)
    axes.grid(alpha=0.25, which="both")
    axes.legend(frameon=False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)
    return path
