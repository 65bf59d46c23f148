"""How long an expert takes is learned from what corrections took."""

import numpy as np

from annotation.ranking.effort import PRIOR, ExpertTime, Spent, fit_time

SLOW = ExpertTime(overhead_s=6.0, listening_factor=2.0, seconds_per_edit=2.5, seconds_per_typed=0.9)


def spent_by(pace: ExpertTime, count: int, scatter: float = 0.2, seed: int = 0) -> list[Spent]:
    rng = np.random.default_rng(seed)
    spent = []
    for _ in range(count):
        duration_ms, length = int(rng.uniform(1500, 12_000)), float(rng.integers(5, 40))
        edits = float(rng.integers(0, max(1, int(length))))
        seconds = pace.seconds(duration_ms, edits, length) * rng.lognormal(0, scatter)
        spent.append(Spent(int(1000 * seconds), duration_ms, edits, length))
    return spent


def error(pace: ExpertTime, truth: ExpertTime) -> float:
    """Mean relative error of the seconds expected."""
    fresh = spent_by(truth, 200, scatter=0.0, seed=1)
    return float(
        np.mean([abs(pace.seconds(s.duration_ms, s.edits, s.length) * 1000 / s.active_ms - 1) for s in fresh])
    )


def test_without_corrections_it_is_the_prior() -> None:
    assert fit_time([]) == PRIOR


def test_many_corrections_show_the_pace() -> None:
    assert error(PRIOR, SLOW) > 0.3
    assert error(fit_time(spent_by(SLOW, 300)), SLOW) < 0.1


def test_few_corrections_move_it_a_little_way() -> None:
    assert error(fit_time(spent_by(SLOW, 8)), SLOW) < error(PRIOR, SLOW)


def test_a_segment_left_lying_over_lunch_teaches_nothing() -> None:
    honest = spent_by(PRIOR, 40)
    lunch = Spent(3_600_000, 3000, 2, 12)
    assert fit_time([*honest, lunch]) == fit_time(honest)


def test_no_figure_ever_becomes_negative_or_nothing() -> None:
    instant = [Spent(1, 8000, 5, 20)] * 100
    pace = fit_time(instant)
    assert min(pace.as_dict().values()) > 0
    assert pace.seconds(8000, 5, 20) < 0.25 * PRIOR.seconds(8000, 5, 20)
