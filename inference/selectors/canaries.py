"""A canary and what is live side by side, by the live sessions that each of them heard since it began."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from inference.engine.fallback import REJECTING
from inference.models import LiveSession, LiveUtterance
from training.models import Canary


@dataclass(frozen=True, slots=True)
class Arm:
    """Shares are of the utterances; None where there are none."""

    sessions: int
    utterances: int
    rejected: float | None
    uncertain: float | None
    corrected: float | None
    avg_logprob: float | None
    final_ms_p50: float | None
    final_ms_p95: float | None


def canary_arms(canary: Canary) -> tuple[Arm, Arm]:
    """-> (challenger, what is live). At the canary's own site, or at all sites."""
    sessions = LiveSession.objects.filter(created_at__gte=canary.created_at)
    if canary.site_id is not None:
        sessions = sessions.filter(site=canary.site_id)
    if canary.ended_at is not None:
        sessions = sessions.filter(created_at__lt=canary.ended_at)
    return _arm(sessions.filter(model=canary.model_id)), _arm(sessions.exclude(model=canary.model_id))


def _arm(sessions: QuerySet[LiveSession]) -> Arm:
    heard = LiveUtterance.objects.filter(session__in=sessions, heard_at__isnull=False)
    rows = list(heard.values_list("flags", "is_uncertain", "is_corrected", "avg_logprob", "final_latency_ms"))
    logprobs = [row[3] for row in rows if row[3] is not None]
    delays_ms = [row[4] for row in rows]
    return Arm(
        sessions=sessions.count(),
        utterances=len(rows),
        rejected=_mean([bool(REJECTING.intersection(row[0])) for row in rows]),
        uncertain=_mean([row[1] for row in rows]),
        corrected=_mean([row[2] for row in rows]),
        avg_logprob=_mean(logprobs),
        final_ms_p50=float(np.percentile(delays_ms, 50)) if rows else None,
        final_ms_p95=float(np.percentile(delays_ms, 95)) if rows else None,
    )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
