"""How busy the device is and for how many speakers, over the last seconds. Pure: the clock is an argument.

A speaker is a session of which a live lane was asked something lately: somebody with an open page who says
nothing costs nothing and counts for nothing. A place is promised at the door, before the first word is here:
otherwise all who come at once are let in on the same figures. `worked` may be called by another thread.
"""

import threading
from collections import deque
from dataclasses import dataclass, field

from inference.engine.queue import Lane

WINDOW_S = 8.0
SPEAKING_S = 15.0  # a pause for breath or thought does not make somebody leave


@dataclass(frozen=True, slots=True)
class Measured:
    """`busy_share` of the device's time went to live lanes, `finals_share` to finals alone (both in [0, 1]);
    `final_wait_s`: the longest that a final stood in the queue. `promised`: places of people who were let in
    and have said nothing yet."""

    speakers: int = 0
    promised: int = 0
    busy_share: float = 0.0
    finals_share: float = 0.0
    final_wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Work:
    lane: Lane
    began_s: float
    ended_s: float
    waited_s: float


@dataclass(slots=True)
class LoadMeter:
    window_s: float = WINDOW_S
    _work: deque[_Work] = field(default_factory=deque)
    _spoke_s: dict[str, float] = field(default_factory=dict)
    _promised_s: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)  # of `_work`

    def promise(self, now_s: float) -> None:
        self._promised_s.append(now_s)

    def spoke(self, session: str, now_s: float) -> None:
        """Whoever speaks for the first time takes the oldest promise: the door does not know sessions."""
        if session not in self._spoke_s and self._promised_s:
            self._promised_s.popleft()
        self._spoke_s[session] = now_s

    def speaks(self, session: str, now_s: float) -> bool:
        return now_s - self._spoke_s.get(session, -SPEAKING_S) < SPEAKING_S

    def worked(self, lane: Lane, began_s: float, ended_s: float, waited_s: float) -> None:
        """One batch; `waited_s`: the longest wait of its jobs."""
        with self._lock:
            self._work.append(_Work(lane, began_s, ended_s, waited_s))

    def measured(self, now_s: float) -> Measured:
        since_s = now_s - self.window_s
        recent = self._recent(since_s)
        self._spoke_s = {one: at_s for one, at_s in self._spoke_s.items() if now_s - at_s < SPEAKING_S}
        while self._promised_s and now_s - self._promised_s[0] >= SPEAKING_S:
            self._promised_s.popleft()
        finals = [work for work in recent if work.lane is Lane.FINAL]
        partials = [work for work in recent if work.lane is Lane.PARTIAL]
        finals_share = sum(work.ended_s - max(work.began_s, since_s) for work in finals) / self.window_s
        partials_share = sum(work.ended_s - max(work.began_s, since_s) for work in partials) / self.window_s
        return Measured(
            speakers=len(self._spoke_s),
            promised=len(self._promised_s),
            busy_share=min(1.0, finals_share + partials_share),
            finals_share=min(1.0, finals_share),
            final_wait_s=max((work.waited_s for work in finals), default=0.0),
        )

    def _recent(self, since_s: float) -> list[_Work]:
        with self._lock:
            while self._work and self._work[0].ended_s < since_s:
                self._work.popleft()
            return list(self._work)
