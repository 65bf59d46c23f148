"""How many seconds of an expert a segment costs.

Linear in listening and editing (Sperber et al. 2014), except that a draft with many errors is typed anew
rather than repaired (Sperber et al., LREC 2016; Gaur et al., W4A 2016: editing wins below about 30 %).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpertTime:
    """One expert's pace. The defaults are a prior, to be fitted to each expert's own measured time."""

    overhead_s: float = 3.0  # find the place, read, decide, submit
    listening_factor: float = 1.3  # once through, and a third of it again
    seconds_per_edit: float = 1.5  # see the character, reach it, put it right
    seconds_per_typed: float = 0.6  # pinyin or bopomofo on a clean line

    def seconds(self, duration_ms: int, errors: float, length: float) -> float:
        """`errors` to expect in a draft whose true text has about `length` characters."""
        editing_s = min(self.seconds_per_edit * errors, self.seconds_per_typed * max(length, 0.0))
        return self.overhead_s + self.listening_factor * duration_ms / 1000 + editing_s


PRIOR = ExpertTime()
