"""One row per server and load, kept on disk, so that a run may be continued or drawn again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.live.measure import Measured, mean, percentile

BOUND_MS = 2_000  # a final text later than this does not serve


@dataclass(frozen=True, slots=True)
class Row:
    """Everything measured of one server under one load. Times in ms; None: nothing to measure.

    `aware` False: the clock is the sound's (the people speak slowly, so that computing takes no time of it).
    `rtf`: CPU seconds of the server's processes for a second of sound. Memory: resident, all its processes.
    """

    server: str
    clients: int
    aware: bool
    audio_s: float
    first_partial_ms_p50: float | None
    first_partial_ms_p95: float | None
    char_latency_ms_mean: float | None
    char_latency_ms_p50: float | None
    char_latency_ms_p95: float | None
    final_latency_ms_p50: float | None
    final_latency_ms_p95: float | None
    lag_ms_p95: float | None
    revisions_per_char: float
    cer_live: float
    cer_offline: float
    lost_audio_ms: int
    unfinished: int
    declined: int
    utterances: int
    rtf: float
    cpu_s: dict[str, float] = field(default_factory=dict)
    memory_mb_start: dict[str, float] = field(default_factory=dict)
    memory_mb_end: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def serves(self) -> bool:
        """Every utterance has its final text in time, and nothing was lost. One that a server took for no
        speech has none: ours says so, a peer's silence looks like a loss, and both count alike."""
        late = self.final_latency_ms_p95 is None or self.final_latency_ms_p95 > BOUND_MS
        return not (late or self.lost_audio_ms or self.unfinished or self.declined or self.problems)


def row(
    server: str,
    clients: int,
    aware: bool,
    measured: Measured,
    cer_offline: float,
    cpu_s: dict[str, float],
    memory_mb: tuple[dict[str, float], dict[str, float]],
) -> Row:
    audio_s = measured.audio_ms / 1000
    return Row(
        server=server,
        clients=clients,
        aware=aware,
        audio_s=round(audio_s, 1),
        first_partial_ms_p50=_ms(percentile(measured.first_partial_ms, 50)),
        first_partial_ms_p95=_ms(percentile(measured.first_partial_ms, 95)),
        char_latency_ms_mean=_ms(mean(measured.character_ms)),
        char_latency_ms_p50=_ms(percentile(measured.character_ms, 50)),
        char_latency_ms_p95=_ms(percentile(measured.character_ms, 95)),
        final_latency_ms_p50=_ms(percentile(measured.final_ms, 50)),
        final_latency_ms_p95=_ms(percentile(measured.final_ms, 95)),
        lag_ms_p95=_ms(percentile(measured.lag_ms, 95)),
        revisions_per_char=round(measured.revisions_per_character, 3),
        cer_live=round(measured.cer, 4),
        cer_offline=round(cer_offline, 4),
        lost_audio_ms=measured.lost_audio_ms,
        unfinished=measured.unfinished,
        declined=measured.declined,
        utterances=len(measured.final_ms) + measured.unfinished + measured.declined,
        rtf=round(sum(cpu_s.values()) / max(audio_s, 1e-9), 4),
        cpu_s={name: round(value, 2) for name, value in cpu_s.items()},
        memory_mb_start=memory_mb[0],
        memory_mb_end=memory_mb[1],
        problems=sorted(set(measured.problems)),
    )


def most_clients(rows: Iterable[Row], server: str) -> int:
    """The largest load that was served, with every smaller one served too; 0: not even one client."""
    most = 0
    for one in sorted((r for r in rows if r.server == server and r.aware), key=lambda r: r.clients):
        if not one.serves:
            break
        most = one.clients
    return most


def next_load(rows: Iterable[Row], server: str, planned: Sequence[int], most_refused: int) -> int | None:
    """The load to try next. First those planned (above `most_refused` only while the server keeps up), then
    halfway between the last that was served and the first that was not, so that neither server is wronged by
    coarse steps."""
    own = {r.clients: r.serves for r in rows if r.server == server and r.aware}
    refused = min((clients for clients, serves in own.items() if not serves), default=None)
    for clients in planned:
        if clients not in own and (refused is None or clients <= most_refused):
            return clients
    served = most_clients(rows, server)
    if refused is None or refused - served <= max(1, served // 8):
        return None
    return (served + refused) // 2


@dataclass(frozen=True, slots=True)
class Results:
    """All rows of one file. `key`: what was spoken; rows of other sound are not taken over."""

    path: Path
    key: str
    rows: list[Row]

    @classmethod
    def load(cls, path: Path, key: str) -> "Results":
        """Empty when there is no file, or one of other sound."""
        if not path.exists():
            return cls(path, key, [])
        stored = json.loads(path.read_text())
        rows = [Row(**one) for one in stored["rows"]] if stored["key"] == key else []
        return cls(path, key, rows)

    def add(self, new: Row) -> None:
        same = [
            r for r in self.rows if (r.server, r.clients, r.aware) == (new.server, new.clients, new.aware)
        ]
        for old in same:
            self.rows.remove(old)
        self.rows.append(new)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".part")
        content = {"key": self.key, "rows": [asdict(one) for one in self.rows]}
        unfinished.write_text(json.dumps(content, ensure_ascii=False, indent=1))
        unfinished.replace(self.path)

    def of(self, server: str, aware: bool = True) -> list[Row]:
        return sorted(
            (r for r in self.rows if r.server == server and r.aware is aware), key=lambda r: r.clients
        )


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
