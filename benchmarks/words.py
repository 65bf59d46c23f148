"""What the correction page asks of the server word by word, with many open drafts: where else a wrong word
waits, and what else the words of a draft may be.

Peer of the search: the same without its bound, over every open draft of the site.
Run: `python -m benchmarks.words [--quick]`
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit

COMMAND = "python -m benchmarks.words"
# Both are answered while a person types on: noticed from about a quarter of a second.
BAR_MS = 250.0
REPEATS = 20
WRONG = "met forming"
SYLLABLES = "病人主訴頭痛三天血壓正常服用每日兩次追蹤檢查右側左側疼痛改善出院"


def p95_ms(work: Callable[[], object], repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(spent, n=20)[18]


def draft(rng: random.Random, wrong: bool) -> str:
    said = "".join(rng.choices(SYLLABLES, k=24))
    return f"{said[:10]} {WRONG} {said[10:]}" if wrong else said


def write_drafts() -> None:
    """Every segment heard something; one in two hundred has the wrong word. The first forty are corrected."""
    from annotation.models import Hypothesis, Segment

    rng = random.Random(1)
    segments = list(Segment.objects.order_by("-priority", "id"))
    rows = [
        Hypothesis(
            segment=segment,
            text=text,
            words=[{"text": one, "start_ms": 0, "end_ms": 1, "probability": 0.5} for one in text.split()],
            avg_logprob=-0.2,
            no_speech_prob=0.0,
            compression_ratio=1.0,
            language="zh",
            model_ref="bench",
            normaliser_version="bench",
        )
        for segment in segments
        for text in [draft(rng, rng.random() < 0.005)]
    ]
    for segment, row in zip(segments, Hypothesis.objects.bulk_create(rows, batch_size=5000), strict=True):
        segment.hypothesis = row
    Segment.objects.bulk_update(segments, ["hypothesis"], batch_size=500)


def correct(segments: Sequence[object], author: object) -> None:
    """Labels that the alternatives are learned from."""
    from annotation.models import Label, SegmentStatus

    for segment in segments:
        text = segment.hypothesis.text.replace(WRONG, "Metformin").replace("三天", "四天")  # type: ignore[attr-defined]
        Label.objects.create(
            segment=segment,  # type: ignore[misc]
            version=1,
            text=text + "了",
            author=author,  # type: ignore[misc]
            hypothesis=segment.hypothesis,  # type: ignore[attr-defined]
            errors_removed=3,
        )
        segment.status, segment.version = SegmentStatus.DONE, 1  # type: ignore[attr-defined]
        segment.save()  # type: ignore[attr-defined]


def main(count: int, labels: int) -> None:
    with scratch_database():
        from benchmarks.queue.fill import fill

        expert = fill(count, 1).experts[0]
        write_drafts()
        from django.core.cache import cache

        from annotation.models import Segment
        from annotation.selectors import fixes
        from annotation.selectors.alternatives import alternatives_of
        from speech.lexicon import Lexicon, Term

        correct(list(Segment.objects.select_related("hypothesis").order_by("id")[:labels]), expert)
        segment = Segment.objects.select_related("hypothesis").order_by("-id")[0]
        value = p95_ms(lambda: fixes.occurrences(segment, WRONG), REPEATS)
        bound, fixes.LOOKED_THROUGH = fixes.LOOKED_THROUGH, count
        peer = p95_ms(lambda: fixes.occurrences(segment, WRONG), 3)
        fixes.LOOKED_THROUGH = bound
        name = f"other_drafts_with_the_word_at_{count}_segments_p95"
        emit(_figure(name, value, "every open draft", peer))

        rng = random.Random(2)
        terms = Lexicon([Term("".join(rng.choices("abcdefghilmnoprstu", k=9))) for _ in range(3000)])

        def first_time() -> None:
            cache.clear()
            alternatives_of(segment, terms)

        value = p95_ms(lambda: alternatives_of(segment, terms), REPEATS)
        emit(_figure(f"alternatives_with_{labels}_labels_p95", value, "nothing kept", p95_ms(first_time, 5)))


def _figure(name: str, value: float, peer: str, peer_value: float) -> Figure:
    ratio = round(peer_value / value, 1)
    return Figure(
        "words",
        name,
        round(value, 1),
        "ms",
        COMMAND,
        peer,
        round(peer_value, 1),
        ratio,
        BAR_MS,
        value <= BAR_MS,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 open drafts in place of 300,000")
    quick = parser.parse_known_args()[0].quick
    main(20_000 if quick else 300_000, 200 if quick else 500)
