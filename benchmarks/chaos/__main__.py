"""Sessions dictated while sockets, web processes, the engine and the database are killed at random points.

Each is spoken to two web processes on one data folder, with the bundled model; the same dictations are
spoken undisturbed first, and the texts compared. A database of the benchmark's own is restarted where
PostgreSQL is installed and may be run; SQLite stands in otherwise.
Run: `python -m benchmarks.chaos [--quick] [--sessions 50] [--at-once 4] [--seed 1]`
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.chaos.accidents import Accidents
from benchmarks.chaos.processes import Postgres, engine, own_postgres, web
from benchmarks.chaos.speaker import Speaker
from benchmarks.chaos.verdict import CER_BAR, Verdict, verdict_of
from benchmarks.figures import Figure, emit
from benchmarks.live.processes import end_on_signal

COMMAND = "python -m benchmarks.chaos"
SENTENCES = ("病人今天血壓一百四十", "每天早上吃一顆藥", "心電圖沒有異常", "下週回診追蹤", "病人主訴胸痛三天")
KINDS = 4  # different dictations


def dictation(number: int, sentences: int) -> bytes:
    from speech.backends.espeak import EspeakSynthesizer
    from speech.synthesizer import Voice

    rng = random.Random(number)
    voice = EspeakSynthesizer()
    parts = [np.zeros(8_000, np.float32)]
    for _ in range(sentences):
        said = voice.synthesize(rng.choice(SENTENCES), Voice(f"cmn+{rng.choice(('f3', 'm3'))}"))
        parts += [said.samples, np.zeros(rng.randrange(12_000, 24_000), np.float32)]
    sound = np.concatenate(parts)
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def cast(model: str) -> dict[str, str]:
    """A site with a live model and a clinician -> headers of their browser."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import Membership, Role, Site, User
    from training.models import Promotion, SpeechModel, SpeechModelKind

    site = Site.objects.create(name="bench", slug="bench")
    user = User.objects.create_user(username="bench")
    Membership.objects.create(user=user, site=site, role=Role.CLINICIAN)
    live = SpeechModel.objects.create(name="bench", kind=SpeechModelKind.BASE, ref=model)
    Promotion.objects.create(model=live)
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Origin": "http://localhost"}


async def speak(
    speakers: Sequence[Speaker], at_once: int, accidents: Accidents | None, pause_s: float
) -> None:
    turn = asyncio.Semaphore(at_once)

    async def one(speaker: Speaker) -> None:
        async with turn:
            await speaker.dictate()

    breaking = asyncio.create_task(accidents.go_on(pause_s)) if accidents else None
    try:
        await asyncio.gather(*(one(speaker) for speaker in speakers))
    finally:
        if accidents and breaking:
            accidents.enough = True
            await breaking


def run(arguments: argparse.Namespace, postgres: Postgres | None) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    model = str(Path(__file__).resolve().parents[2] / "models" / "auscult-base")
    headers = cast(model)
    ears = engine(model)
    webs = [web(ears.port), web(ears.port)]
    sounds = [dictation(number, arguments.sentences) for number in range(KINDS)]
    addresses = [f"ws://127.0.0.1:{one.port}/ws/live/" for one in webs]

    def speaker(number: int) -> Speaker:
        turned = addresses if number % 2 else addresses[::-1]
        return Speaker(turned, headers, sounds[number % KINDS], pace=arguments.pace)

    calm = [speaker(number) for number in range(KINDS)]
    control = [speaker(number) for number in range(KINDS)]
    disturbed = [speaker(number) for number in range(arguments.sessions)]
    accidents = Accidents(disturbed, webs, ears, postgres, random.Random(arguments.seed))
    try:
        for process in (ears, *webs):
            process.start(wait=False)
        for process in (ears, *webs):
            process.wait()
        asyncio.run(speak(calm, KINDS, None, 0))
        asyncio.run(speak(control, KINDS, None, 0))
        began_s = time.monotonic()
        asyncio.run(speak(disturbed, arguments.at_once, accidents, arguments.pause))
        report(
            calm,
            control,
            disturbed,
            accidents,
            time.monotonic() - began_s,
            "postgresql" if postgres else "sqlite",
        )
    finally:
        for process in (ears, *webs):
            process.kill()
        django.db.connections.close_all()


def report(
    calm: Sequence[Speaker],
    control: Sequence[Speaker],
    disturbed: Sequence[Speaker],
    accidents: Accidents,
    took_s: float,
    database: str,
) -> None:
    from django.db import connections

    from speech.metrics import cer

    connections.close_all()  # they were cut by the accidents
    expected = [verdict_of(speaker) for speaker in calm]
    found = [verdict_of(speaker) for speaker in disturbed]

    def rates_of(verdicts: Sequence[Verdict]) -> list[float]:
        return [cer(expected[at % KINDS].text, one.text).rate for at, one in enumerate(verdicts)]

    rates = rates_of(found)
    # The moment at which a text comes has a say in where a pause ends: two undisturbed ones differ, too.
    usual = rates_of([verdict_of(speaker) for speaker in control])
    sessions = len(found)
    more = {"database": database, "accidents": dict(accidents.happened), "wall_s": round(took_s)}

    def bar(name: str, value: float, unit: str, wanted: float) -> None:
        emit(Figure("chaos", name, value, unit, COMMAND, bar=wanted, holds=value == wanted, more=more))

    back = [seconds for speaker in disturbed for seconds in speaker.back_s]
    bar("kinds_that_did_not_happen", len(accidents.missing), "kinds", 0)
    bar("sessions_that_nobody_disturbed_at_all", float(not back), "all or not", 0)
    bar("recordings", sum(one.recording for one in found), "sessions", sessions)
    bar("lost_audio_ms", sum(one.lost_ms for one in found), "ms", 0)
    bar("acknowledged_and_lost_ms", sum(one.acked_lost_ms for one in found), "ms", 0)
    bar("audio_byte_equal_sessions", sum(one.byte_equal for one in found), "sessions", sessions)
    complete = [is_complete(one, rate) for one, rate in zip(found, rates, strict=True)]
    bar("transcripts_complete", sum(complete), "sessions", sessions)
    bar("acknowledged_and_asked_again", sum(one.acked_and_asked_again for one in disturbed), "frames", 0)
    bar("same_ids", sum(one.recording and one.same_ids for one in found), "sessions", sessions)
    bar("heard_twice", sum(one.twice for one in found), "utterances", 0)
    bar("texts_shown_and_changed", sum(one.changed for one in found), "utterances", 0)
    exact = sum(rate == 0 for rate in rates)
    more |= {"reconnections": len(back), "longest_back_s": round(max(back, default=0), 2)}
    for name, value, unit in (
        ("transcripts_equal_to_undisturbed", exact, "sessions"),
        ("cer_to_undisturbed_mean", round(float(np.mean(rates)), 4), "share"),
        ("cer_between_undisturbed_mean", round(float(np.mean(usual)), 4), "share"),
        ("drafted_by_worker", sum(one.drafted for one in found), "segments"),
        ("back_after_p50", round(median(back), 3) if back else None, "s"),
    ):
        emit(Figure("chaos", name, value, unit, COMMAND, more=more))


def is_complete(verdict: Verdict, rate: float) -> bool:
    return verdict.has_all_text and rate <= CER_BAR


def main() -> None:
    end_on_signal()  # engine, web processes and database go, too
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sessions", type=int)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--sentences", type=int, default=6)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two accidents")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true")
    arguments = parser.parse_known_args()[0]
    arguments.sessions = arguments.sessions or (8 if arguments.quick else 50)
    folders = tempfile.TemporaryDirectory(prefix="auscult-chaos-", ignore_cleanup_errors=True)
    with folders as folder, nullcontext() if arguments.sqlite else own_postgres() as postgres:
        os.environ |= {"AUSCULT_DATA_DIR": folder, "DATABASE_URL": postgres.url if postgres else ""}
        os.environ.setdefault("AUSCULT_LOG_LEVEL", "CRITICAL")
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.main"
        run(arguments, postgres)


if __name__ == "__main__":
    main()
