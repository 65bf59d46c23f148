"""How late live text is, how much of it is right and how many people are served: ours and two open servers.

The same dictations in real time, the same weights, the same cores, one server after the other.
Run: `python -m benchmarks.live [--quick] [--servers auscult,whisperlive,whisperlivekit] [--clients 1,8]`
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live.gold import Dictation, dictations
from benchmarks.live.harness import Take, together
from benchmarks.live.measure import measure
from benchmarks.live.plot import draw
from benchmarks.live.processes import ServerFailedError, end_on_signal
from benchmarks.live.report import BARS_UP_TO_CLIENTS, OURS, emit_ratios, emit_row
from benchmarks.live.results import Results, Row, next_load, row
from benchmarks.live.servers import Running, Server, servers
from speech.metrics import cer, total

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "var" / "benchmarks" / "live"
PICTURES = ROOT / "docs" / "images"
REST_S = 2.0  # between two loads
STARTED_S = time.monotonic()
FAILURES = 2  # a server that dies as often is not started again


@dataclass(frozen=True, slots=True)
class Plan:
    """`loads` are tried in this order, by as many people as there are dictations or the same ones again.
    `slow_pace`: of the run whose clock is the sound's; 0 leaves it out."""

    servers: tuple[str, ...]
    loads: tuple[int, ...]
    dictations: int
    dictation_s: float
    slow_pace: float
    slow_dictation_s: float
    refine: bool

    @property
    def key(self) -> str:
        """What was spoken, for results that are kept."""
        return f"{self.dictations} dictations of {self.dictation_s} s"


FULL = Plan(
    servers=(OURS, "whisperlive", "whisperlive-lock", "whisperlivekit"),
    loads=(1, 2, 4, 8, 16, 24, 32, 48, 64),
    dictations=16,
    dictation_s=40,
    slow_pace=0.25,
    slow_dictation_s=20,
    refine=True,
)
QUICK = Plan((OURS, "whisperlive"), (1, 8), 8, 18, 0.5, 10, False)


def main(plan: Plan, resume: bool, picture_folder: Path | None) -> None:
    end_on_signal()
    spoken = dictations(plan.dictations, plan.dictation_s)
    slow = dictations(1, plan.slow_dictation_s, name="slow") if plan.slow_pace else []
    path = RESULTS / ("quick.json" if plan.refine is False else "full.json")
    if not resume:
        path.unlink(missing_ok=True)
    results = Results.load(path, plan.key)
    with tempfile.TemporaryDirectory(prefix="auscult-live-") as folder:
        known = servers(Path(folder), RESULTS / "logs")
        for name in plan.servers:
            _say(f"{name}: preparing")
            known[name].prepare()
            _measure_server(known[name], plan, spoken, slow, results)
    emit_ratios(results.rows, plan.refine)
    if picture_folder:
        for picture in draw(results.rows, picture_folder):
            _say(f"drawn {picture}")


def _measure_server(
    server: Server, plan: Plan, spoken: Sequence[Dictation], slow: Sequence[Dictation], results: Results
) -> None:
    """Goes on after a server died, with a fresh one; what it did not serve is a result too."""
    alone = [*spoken, *slow]
    offline: dict[str, str] = {}
    failures = 0
    while failures < FAILURES and (load := _next(plan, results, server)) is not None:
        try:
            with server.running() as running:
                _say(f"{server.name}: warming up")
                asyncio.run(together(1, running.client, spoken[:1], pace=2.0))
                offline = offline or _heard_alone(running, alone)
                if slow and not results.of(server.name, aware=False):
                    _measure(server, running, 1, slow, offline, results, plan.slow_pace)
                while load is not None:
                    _measure(server, running, load, spoken, offline, results)
                    load = _next(plan, results, server)
        except ServerFailedError as failed:
            failures += 1
            _say(f"{server.name}: {failed}")


def _measure(
    server: Server,
    running: Running,
    clients: int,
    spoken: Sequence[Dictation],
    offline: Mapping[str, str],
    results: Results,
    pace: float = 1.0,
) -> None:
    before = {process.name: process.usage() for process in running.processes}
    takes = asyncio.run(together(clients, running.client, spoken, pace))
    after = {process.name: process.usage() for process in running.processes}
    measured = measure(takes, server.kept_is_final)
    new = row(
        server.name,
        clients,
        pace == 1.0,
        measured,
        _offline_cer(takes, offline),
        {name: after[name].cpu_s - before[name].cpu_s for name in after},
        tuple({name: round(u.resident_bytes / 1e6, 1) for name, u in at.items()} for at in (before, after)),  # type: ignore[arg-type]
    )
    results.add(new)
    emit_row(new)
    _say(_line(new))
    asyncio.run(asyncio.sleep(REST_S))


def _heard_alone(running: Running, alone: Sequence[Dictation]) -> dict[str, str]:
    return dict(zip((one.name for one in alone), running.offline(alone), strict=True))


def _next(plan: Plan, results: Results, server: Server) -> int | None:
    planned = next_load(results.rows, server.name, plan.loads, BARS_UP_TO_CLIENTS)
    return planned if plan.refine or planned in plan.loads else None


def _offline_cer(takes: Sequence[Take], offline: Mapping[str, str]) -> float:
    """Of the very dictations that were spoken, as often as they were."""
    return total(cer(take.dictation.said, offline[take.dictation.name]) for take in takes).rate


def _line(new: Row) -> str:
    return (
        f"{new.server}: {new.clients} clients, final p95 {new.final_latency_ms_p95} ms, character p50 "
        f"{new.char_latency_ms_p50} ms, CER {new.cer_live} (offline {new.cer_offline}), lost "
        f"{new.lost_audio_ms} ms, rtf {new.rtf}" + ("" if new.serves else f" - NOT SERVED {new.problems[:1]}")
    )


def _say(text: str) -> None:
    print(f"{time.monotonic() - STARTED_S:6.0f} s  {text}", file=sys.stderr, flush=True)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two loads, short dictations")
    parser.add_argument("--servers", help="comma separated; default: all that the plan knows")
    parser.add_argument("--clients", type=_numbers, help="these loads, comma separated, and between them")
    parser.add_argument("--exactly", action="store_true", help="no loads between them")
    parser.add_argument("--seconds", type=float, help="length of a dictation")
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run has measured")
    parser.add_argument("--pictures", type=Path, help="where to draw; default docs/images, none with --quick")
    asked = parser.parse_args()
    base = QUICK if asked.quick else FULL
    main(
        Plan(
            servers=tuple(asked.servers.split(",")) if asked.servers else base.servers,
            loads=asked.clients or base.loads,
            dictations=base.dictations,
            dictation_s=asked.seconds or base.dictation_s,
            slow_pace=base.slow_pace,
            slow_dictation_s=base.slow_dictation_s,
            refine=base.refine and not asked.exactly,
        ),
        asked.resume,
        asked.pictures or (None if asked.quick else PICTURES),
    )
