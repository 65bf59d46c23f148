"""Fills a scratch database with a hospital group's queue, by the server's own INSERT .. SELECT.

Three sites share the segments 7:2:1; every third expert corrects at all three. Each segment has a draft, and
all recordings share one sound file, so that pages and sound can be asked for too.
"""

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection, models
from django.utils import timezone

from accounts.models import Membership, Role, Site, User
from annotation.models import Hypothesis, Recording, RecordingStatus, Segment, SegmentStatus
from base.storage import data_path
from speech.audio import SAMPLE_RATE_HZ, peaks, write_flac

PER_RECORDING = 100
SEGMENT_MS = 4000
AUDIO, PEAKS = "bench.flac", "bench.json"
WORDS = [("病人", 0.95), ("服用", 0.9), ("metformin", 0.3), ("五百", 0.8), ("毫克", 0.9)]
TEXT = "".join(word for word, _ in WORDS)
# Every third expert belongs to all sites; the others to one, as many as its share asks for.
SHARES = (0, 0, 0, 0, 0, 0, 0, 1, 1, 2)


@dataclass(frozen=True, slots=True)
class Filled:
    sites: list[Site]
    experts: list[User]


def fill(segments: int, experts: int) -> Filled:
    """`segments` open segments, each with its draft, and people to correct them."""
    sites = [Site.objects.get_or_create(name=f"bench {n}", slug=f"bench-{n}")[0] for n in range(3)]
    people = [_expert(number, sites) for number in range(experts)]
    insert_segments(sites, segments)
    return Filled(sites, people)


def write_sound() -> None:
    """What every recording of `fill` plays: noise that swells with each segment."""
    times_s = np.arange(PER_RECORDING * SEGMENT_MS * SAMPLE_RATE_HZ // 1000) / SAMPLE_RATE_HZ
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * times_s * 1000 / SEGMENT_MS)
    noise = np.random.default_rng(0).standard_normal(len(times_s))
    samples = (0.1 * swell * noise).astype(np.float32)
    write_flac(data_path(AUDIO), samples)
    data_path(PEAKS).write_text(json.dumps(peaks(samples)))


def insert_segments(sites: list[Site], segments: int) -> None:
    """With recordings and drafts; keys go on from what is there."""
    sql = _Sql()
    recordings = -(-segments // PER_RECORDING)
    first_recording, first_segment, first_draft = (_next(m) for m in (Recording, Segment, Hypothesis))
    site = " ".join(f"WHEN {n} THEN {sites[share].pk}" for n, share in enumerate(SHARES))
    now = timezone.now()
    duration_ms = PER_RECORDING * SEGMENT_MS
    with connection.cursor() as cursor:
        sql.unchecked(cursor)
        sql.insert(
            cursor,
            Recording,
            recordings,
            {
                "id": f"n + {first_recording}",
                "site_id": f"CASE n % 10 {site} END",
                "title": "'round ' || n",
                "original_sha256": sql.digest,
            },
            _stamped(now, status=RecordingStatus.DRAFTED, duration_ms=duration_ms)
            | {"audio_path": AUDIO, "peaks_path": PEAKS},
        )
        sql.insert(
            cursor,
            Segment,
            segments,
            {
                "id": f"n + {first_segment}",
                "recording_id": f"n / {PER_RECORDING} + {first_recording}",
                "site_id": f"CASE (n / {PER_RECORDING}) % 10 {site} END",
                "index": f"n % {PER_RECORDING}",
                "start_ms": f"n % {PER_RECORDING} * {SEGMENT_MS}",
                "end_ms": f"n % {PER_RECORDING} * {SEGMENT_MS} + 3500",
                "hypothesis_id": f"n + {first_draft}",
                "priority": sql.random,
            },
            _stamped(now, status=SegmentStatus.OPEN, expected_seconds=12.0, expected_errors=2.0),
        )
        words = [
            {"text": text, "start_ms": 600 * at, "end_ms": 600 * (at + 1), "probability": sure}
            for at, (text, sure) in enumerate(WORDS)
        ]
        sql.insert(
            cursor,
            Hypothesis,
            segments,
            {"id": f"n + {first_draft}", "segment_id": f"n + {first_segment}"},
            _stamped(now, text=TEXT, avg_logprob=-0.3, no_speech_prob=0.01, compression_ratio=1.0)
            | {"language": "zh", "model_ref": "bench", "words": json.dumps(words)},
        )
        sql.settle(cursor)


def _expert(number: int, sites: list[Site]) -> User:
    expert = User.objects.create(username=f"bench-{User.objects.count()}")
    own = sites if number % 3 == 0 else [sites[SHARES[number % len(SHARES)]]]
    Membership.objects.bulk_create(Membership(user=expert, site=site, role=Role.EXPERT) for site in own)
    return expert


def _stamped(now: datetime, **fields: object) -> dict[str, object]:
    return {"created_at": now, "updated_at": now, **fields}


def _next(model: type[models.Model]) -> int:
    return (model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0) + 1


class _Sql:
    """What the two databases spell differently."""

    def __init__(self) -> None:
        self.is_postgres = connection.vendor == "postgresql"
        if self.is_postgres:
            self.random, self.uuid = "random()", "gen_random_uuid()"
            self.digest = "md5(n::text || clock_timestamp()::text) || md5(n::text)"
        else:
            self.random = "abs(random()) / 9223372036854775807.0"
            self.uuid, self.digest = "lower(hex(randomblob(16)))", "lower(hex(randomblob(32)))"

    def unchecked(self, cursor) -> None:  # type: ignore[no-untyped-def]
        """Rows name each other in a circle; the keys are computed, so that nobody has to look."""
        if self.is_postgres:
            cursor.execute("SET session_replication_role = replica")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("PRAGMA cache_size = -400000")

    def insert(  # type: ignore[no-untyped-def]
        self,
        cursor,
        model: type[models.Model],
        count: int,
        computed: dict[str, str],
        same: dict[str, object],
    ) -> None:
        """`computed`: SQL over `n`; `same`: one value for all; every other column has its default."""
        computed = {"uuid": self.uuid, **computed}
        names, expressions, values = [], [], []
        for field in model._meta.concrete_fields:
            column = str(field.column)
            names.append(connection.ops.quote_name(column))
            if column in computed:
                expressions.append(computed[column].replace("%", "%%"))
                continue
            value = same.get(column, field.get_default())
            expressions.append("%s")
            is_text = isinstance(field, models.JSONField) and isinstance(value, str)
            values.append(value if is_text else field.get_db_prep_save(value, connection))
        numbers = (
            f"SELECT n FROM generate_series(0, {count - 1}) AS g(n)"
            if self.is_postgres
            else f"WITH RECURSIVE g(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM g WHERE n < {count - 1})"
            " SELECT n FROM g"
        )
        # Parameters stand in the outer SELECT alone: one type each, decided by the column.
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)})"
            f" SELECT {', '.join(expressions)} FROM ({numbers}) AS numbers",
            values,
        )

    def settle(self, cursor) -> None:  # type: ignore[no-untyped-def]
        """Checks on again, keys go on after ours, and the planner knows how much there is."""
        if not self.is_postgres:
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("ANALYZE")
            return
        cursor.execute("SET session_replication_role = DEFAULT")
        for model in (Recording, Segment, Hypothesis):
            table = model._meta.db_table
            last = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            cursor.execute(last)
            cursor.execute(f"VACUUM ANALYZE {table}")
