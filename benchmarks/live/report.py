"""Rows as figures: one JSON line each, with the bars that this project set itself."""

from collections.abc import Iterable

from benchmarks.figures import Figure, emit
from benchmarks.live.results import BOUND_MS, Row, most_clients

COMMAND = "python -m benchmarks.live"
OURS = "auscult"
PEERS = {  # figure -> the ways of running the peer
    "clients_vs_whisperlive": ("whisperlive", "whisperlive-lock"),
    "clients_vs_whisperlivekit": ("whisperlivekit",),
}
FINAL_BAR_MS, FINAL_BAR_CLIENTS = 500.0, 8
CER_BAR, CER_BAR_FROM_CLIENTS = 0.01, 8  # fewer say too little: a character of one dictation is near a point
CLIENTS_BAR = 4.0
BARS_UP_TO_CLIENTS = 16  # above it loads are tried until a server fails


def emit_row(row: Row) -> None:
    ours = row.server == OURS and row.clients <= BARS_UP_TO_CLIENTS
    at_eight = ours and row.clients == FINAL_BAR_CLIENTS
    enough = ours and row.clients >= CER_BAR_FROM_CLIENTS
    latency = {"mean": row.char_latency_ms_mean, "p50": row.char_latency_ms_p50}
    _emit(row, "char_latency_ms_p95", row.char_latency_ms_p95, "ms", aware=row.aware, **latency)
    if not row.aware:
        return
    _emit(row, "first_partial_ms_p50", row.first_partial_ms_p50, "ms", p95=row.first_partial_ms_p95)
    _emit(row, "final_latency_ms_p50", row.final_latency_ms_p50, "ms")
    _emit(
        row,
        "final_latency_ms_p95",
        row.final_latency_ms_p95,
        "ms",
        bar=FINAL_BAR_MS if at_eight else None,
        utterances=row.utterances,
        unfinished=row.unfinished,
        declined=row.declined,
    )
    without_text = row.unfinished + row.declined
    _emit(row, "utterances_without_text", without_text, "utterances", bar=0.0 if ours else None)
    _emit(row, "lag_ms_p95", row.lag_ms_p95, "ms")
    _emit(row, "revisions_per_char", row.revisions_per_char, "characters")
    difference = round(row.cer_live - row.cer_offline, 4)
    cers = {"cer_live": row.cer_live, "cer_offline": row.cer_offline}
    _emit(row, "cer_live_minus_offline", difference, "fraction", bar=CER_BAR if enough else None, **cers)
    lost = {"problems": row.problems}
    _emit(row, "lost_audio_ms", row.lost_audio_ms, "ms", bar=0.0 if ours else None, **lost)
    _emit(row, "rtf", row.rtf, "CPU s / audio s", cpu_s=row.cpu_s)
    memory = sum(row.memory_mb_end.values())
    _emit(row, "memory_mb", round(memory, 1), "MB", start=row.memory_mb_start, end=row.memory_mb_end)


def emit_ratios(rows: Iterable[Row], refined: bool) -> None:
    """Most clients of ours against those of each peer's better way of running. Not `refined`: the loads
    between those that were tried are not known, so that no bar is judged."""
    rows = list(rows)
    measured = {row.server for row in rows if row.aware}
    if OURS not in measured:
        return
    for figure, ways in PEERS.items():
        if peers := {name: most_clients(rows, name) for name in ways if name in measured}:
            _emit_ratio(figure, most_clients(rows, OURS), peers, refined)


def _emit_ratio(figure: str, ours: int, peers: dict[str, int], refined: bool) -> None:
    best = max(peers, key=lambda name: peers[name])
    ratio = round(ours / peers[best], 2) if peers[best] else None
    emit(
        Figure(
            "live",
            figure,
            ratio,
            "x",
            COMMAND,
            best,
            peers[best],
            ratio,
            CLIENTS_BAR,
            # A peer that does not serve even one client in time is beaten by whoever serves four.
            ours >= CLIENTS_BAR * max(1, peers[best]) if refined else None,
            {"clients": ours, "server": OURS, "final_p95_bound_ms": BOUND_MS, "peers": peers},
        )
    )


def _emit(
    row: Row, figure: str, value: float | None, unit: str, bar: float | None = None, **more: object
) -> None:
    holds = None if bar is None else value is not None and value <= bar
    keys = {"clients": row.clients, "server": row.server} | more
    emit(Figure("live", figure, value, unit, COMMAND, bar=bar, holds=holds, more=keys))
