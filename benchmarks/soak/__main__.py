"""Four people dictate without a break for two hours; `--quick` for ten minutes.

Memory after the warm-up must not grow by 2 %, texts must not come later and later, nothing may be missing.
Run: `python -m benchmarks.soak [--quick] [--minutes N]`
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, emit
from benchmarks.live.alignment import aligned, heard_characters
from benchmarks.live.gold import Dictation, dictations
from benchmarks.live.harness import Take, together
from benchmarks.live.measure import measure, percentile
from benchmarks.live.processes import ServerFailedError, ServerProcess, end_on_signal
from benchmarks.live.servers import Auscult
from benchmarks.soak.growth import Growth, growth

COMMAND = "python -m benchmarks.soak"
LOGS = Path(__file__).resolve().parents[2] / "var" / "benchmarks" / "soak"
CLIENTS = 4
ROUND_S = 60.0
SAMPLE_S = 5.0
WARM_UP_SHARE, WARM_UP_MOST_S = 0.2, 600.0
MEMORY_BAR = 0.02
LATENCY_BAR_MS = 100.0  # between the first and the last tenth; the packets alone are as long
DECLINED_BAR, CER_BAR = 0.01, 0.05  # alone the same sound has a CER of 1 to 3 %
FULL_MINUTES, QUICK_MINUTES = 120.0, 10.0

Memory = dict[str, list[tuple[float, float]]]


def main(minutes: float) -> bool:
    """-> whether every bar holds."""
    end_on_signal()
    spoken = [one.repeated(_rounds(one, minutes)) for one in dictations(CLIENTS, min(ROUND_S, minutes * 60))]
    with tempfile.TemporaryDirectory(prefix="auscult-soak-") as folder:
        server = Auscult(Path(folder), LOGS)
        server.prepare()
        with server.running() as running:
            takes, memory = asyncio.run(_soak(spoken, running.processes, running.client))
    return _report(takes, memory, minutes)


async def _soak(
    spoken: Sequence[Dictation], processes: Sequence[ServerProcess], client_of
) -> tuple[list[Take], Memory]:  # type: ignore[no-untyped-def]
    memory: Memory = {process.name: [] for process in processes}
    watching = asyncio.create_task(_watch(processes, memory))
    takes = asyncio.create_task(together(CLIENTS, client_of, spoken))
    # A server that dies ends the soak at once, not two hours later.
    await asyncio.wait({watching, takes}, return_when=asyncio.FIRST_COMPLETED)
    if watching.done():
        takes.cancel()
        watching.result()
    watching.cancel()
    return await takes, memory


async def _watch(processes: Sequence[ServerProcess], memory: Memory) -> None:
    """Raises ServerFailedError."""
    started_s = time.monotonic()
    while True:
        for process in processes:
            at_s = time.monotonic() - started_s
            memory[process.name].append((at_s, float(process.usage().resident_bytes)))
        print(_line(memory), file=sys.stderr, flush=True) if len(
            next(iter(memory.values()))
        ) % 12 == 1 else None
        await asyncio.sleep(SAMPLE_S)


def _report(takes: Sequence[Take], memory: Memory, minutes: float) -> bool:
    warm_s = min(WARM_UP_MOST_S, WARM_UP_SHARE * minutes * 60)
    measured = measure(takes)
    held = [_memory_figure(name, growth(points, warm_s), minutes) for name, points in memory.items()]
    held.append(_latency_figure(growth(latencies(takes), warm_s), minutes))
    count = len(measured.final_ms) + measured.unfinished + measured.declined
    complete = {"utterances": count, "declined": measured.declined, "problems": measured.problems}
    held += [
        _emit("lost_audio_ms", measured.lost_audio_ms, "ms", 0, minutes, **complete),
        _emit("unfinished_utterances", measured.unfinished, "utterances", 0, minutes, **complete),
        _emit(
            "declined_share", round(measured.declined / max(1, count), 4), "fraction", DECLINED_BAR, minutes
        ),
        _emit("cer", round(measured.cer, 4), "fraction", CER_BAR, minutes),
    ]
    _emit("final_latency_ms_p95", percentile(measured.final_ms, 95), "ms", None, minutes)
    return all(held)


def latencies(takes: Sequence[Take]) -> list[tuple[float, float]]:
    """(when an utterance ended, in seconds; how much later its text was final, in ms)."""
    points = []
    for take in takes:
        last_final: dict[int, float] = {}
        for pair in aligned(take.dictation.characters, heard_characters(take.screen)):
            final_ms = pair.heard.final_ms
            if final_ms is not None:
                number = pair.gold.utterance
                last_final[number] = max(last_final.get(number, 0.0), final_ms)
        ends = take.dictation.utterances
        points += [(ends[n].end_ms / 1000, at_ms - ends[n].end_ms) for n, at_ms in last_final.items()]
    return points


def _memory_figure(process: str, found: Growth | None, minutes: float) -> bool:
    share = None if found is None else round(found.share, 4)
    more = {} if found is None else _ends(found, 1e6, "mb")
    return _emit("memory_growth", share, "fraction", MEMORY_BAR, minutes, process=process, **more)


def _latency_figure(found: Growth | None, minutes: float) -> bool:
    grown = None if found is None else round(found.most, 1)
    more = {} if found is None else _ends(found, 1.0, "ms")
    return _emit("final_latency_growth_ms", grown, "ms", LATENCY_BAR_MS, minutes, **more)


def _ends(found: Growth, scale: float, unit: str) -> dict[str, float]:
    values = {"start": found.start, "end": found.end, "per_hour": found.per_hour}
    return {f"{name}_{unit}": round(value / scale, 2) for name, value in values.items()}


def _emit(
    figure: str, value: float | None, unit: str, bar: float | None, minutes: float, **more: object
) -> bool:
    holds = None if bar is None else value is not None and value <= bar
    keys = {"minutes": minutes, "clients": CLIENTS} | more
    emit(Figure("soak", figure, value, unit, COMMAND, bar=bar, holds=holds, more=keys))
    return holds is not False


def _rounds(dictation: Dictation, minutes: float) -> int:
    return max(1, round(minutes * 60_000 / dictation.duration_ms))


def _line(memory: Memory) -> str:
    now = {name: f"{points[-1][1] / 1e6:.0f} MB" for name, points in memory.items()}
    return f"{next(iter(memory.values()))[-1][0] / 60:6.1f} min  {now}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_MINUTES:.0f} minutes")
    parser.add_argument("--minutes", type=float)
    asked = parser.parse_args()
    try:
        main(asked.minutes or (QUICK_MINUTES if asked.quick else FULL_MINUTES))
    except ServerFailedError as failed:
        sys.exit(f"the soak broke off: {failed}")
