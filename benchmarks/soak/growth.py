"""Does a series grow? By the difference of its ends and by the line through it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

END_SHARE = 0.1  # of the series, for what stands at each end


@dataclass(frozen=True, slots=True)
class Growth:
    """`start`, `end`: medians of the first and the last tenth. `per_hour`: slope of the line through all."""

    start: float
    end: float
    per_hour: float
    hours: float

    @property
    def difference(self) -> float:
        return self.end - self.start

    @property
    def most(self) -> float:
        """The larger of the raw growth and what the line grows from end to end."""
        return max(self.difference, self.per_hour * self.hours)

    @property
    def share(self) -> float:
        """Of the start."""
        return self.most / self.start


def growth(points: Sequence[tuple[float, float]], from_s: float) -> Growth | None:
    """`points`: (seconds, value); those before `from_s` are the warm-up. None: too few to say anything."""
    late = np.array([point for point in sorted(points) if point[0] >= from_s])
    if len(late) < 4:
        return None
    count = max(1, int(len(late) * END_SHARE))
    hours = late[:, 0] / 3600
    return Growth(
        start=float(np.median(late[:count, 1])),
        end=float(np.median(late[-count:, 1])),
        per_hour=float(np.polyfit(hours, late[:, 1], 1)[0]),
        hours=float(hours[-1] - hours[0]),
    )
