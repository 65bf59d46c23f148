"""How many replicas are wanted for how many speakers, and what Serve is told when nothing is known."""

from dataclasses import dataclass, field

import pytest

from inference.engine.scaling import by_speakers, replicas_for


@dataclass
class Told:
    target_num_replicas: int = 2
    aggregated_metrics: dict[str, dict[str, float]] | None = field(default_factory=dict)


@pytest.mark.parametrize(
    ("speakers", "wanted"), [(0, 1), (1, 1), (14, 1), (14.2, 2), (20, 2), (28, 2), (29, 3), (100, 8)]
)
def test_another_one_comes_before_the_door_closes(speakers: float, wanted: int) -> None:
    assert replicas_for(speakers, capacity=20.0) == wanted


def test_speakers_are_added_up_and_the_capacity_is_what_one_serves_on_average() -> None:
    told = Told(aggregated_metrics={"speakers": {"a": 18, "b": 14}, "capacity": {"a": 15.0, "b": 25.0}})
    assert by_speakers(told)[0] == 3


@pytest.mark.parametrize(
    "figures", [None, {}, {"speakers": {"a": 5.0}}, {"speakers": {"a": 0.0}, "capacity": {"a": float("inf")}}]
)
def test_nothing_changes_before_anything_was_measured(figures: dict[str, dict[str, float]] | None) -> None:
    assert by_speakers(Told(aggregated_metrics=figures))[0] == 2


def test_a_replica_that_has_measured_nothing_does_not_hide_the_others() -> None:
    told = Told(
        aggregated_metrics={"speakers": {"a": 18, "new": 0}, "capacity": {"a": 20, "new": float("inf")}}
    )
    assert by_speakers(told)[0] == 2
