"""Who is decoded next, and with whom."""

from concurrent.futures import Future

import numpy as np
import pytest

from inference.engine.queue import FairQueue, Job, Lane, QueueFullError, QueueOptions, SupersededError
from speech.recognizer import DecodeOptions


def job(
    session: str, lane: Lane = Lane.FINAL, seconds: float = 3, model: str = "m", at_s: float = 0.0
) -> Job:
    return Job(np.zeros(int(seconds * 16_000), np.float32), model, DecodeOptions(), lane, session, at_s)


def test_finals_come_before_partials() -> None:
    queue, partial, final = FairQueue(), job("a", Lane.PARTIAL), job("b", seconds=9)
    queue.put(partial)
    queue.put(final)
    assert queue.take(0) == [final]
    assert queue.take(0) == [partial]


def test_jobs_of_one_group_share_a_batch() -> None:
    queue = FairQueue(QueueOptions(max_batch=8))
    short, long, other = job("a", seconds=3), job("b", seconds=12), job("c", seconds=3, model="n")
    same = job("d", seconds=2.5)
    for each in (short, long, other, same):
        queue.put(each)
    assert queue.take(0) == [short, same]


def test_one_busy_session_does_not_hold_up_the_others() -> None:
    queue = FairQueue(QueueOptions(max_batch=1))
    flood = [job("greedy", at_s=i) for i in range(5)]
    for each in flood:
        queue.put(each)
    assert queue.take(9) == [flood[0]]
    modest = job("modest", at_s=8)
    queue.put(modest)
    assert queue.take(9) == [modest]


def test_the_latest_partial_of_a_session_wins() -> None:
    queue, older, newer = FairQueue(), job("a", Lane.PARTIAL), job("a", Lane.PARTIAL)
    queue.put(older)
    queue.put(newer)
    assert queue.take(0) == [newer]
    assert isinstance(older.future.exception(), SupersededError)


def test_a_final_makes_the_waiting_partial_needless() -> None:
    queue, partial = FairQueue(), job("a", Lane.PARTIAL)
    queue.put(partial)
    queue.put(job("a"))
    assert isinstance(partial.future.exception(), SupersededError)


def test_a_partial_that_waited_too_long_is_dropped_and_a_final_never() -> None:
    queue, partial, final = FairQueue(QueueOptions(stale_s=2)), job("a", Lane.PARTIAL), job("b")
    queue.put(partial)
    queue.put(final)
    assert queue.take(100) == [final]
    assert queue.take(100) == []
    assert isinstance(partial.future.exception(), SupersededError)


def test_a_full_queue_refuses() -> None:
    queue = FairQueue(QueueOptions(max_queued=1))
    queue.put(job("a"))
    with pytest.raises(QueueFullError):
        queue.put(job("b"))


def test_what_nobody_waits_for_is_not_decoded() -> None:
    queue, gone = FairQueue(), job("a")
    queue.put(gone)
    gone.future.cancel()
    assert queue.take(0) == []
    assert len(queue) == 0


def test_batch_work_comes_last() -> None:
    queue, file, partial, final = (
        FairQueue(),
        job("f", Lane.BATCH),
        job("a", Lane.PARTIAL),
        job("b", seconds=9),
    )
    for each in (file, partial, final):
        queue.put(each)
    assert [queue.take(0) for _ in range(3)] == [[final], [partial], [file]]


def test_batch_work_that_waited_long_stands_in_line_with_the_partials() -> None:
    queue, file = FairQueue(QueueOptions(patience_s=20)), job("f", Lane.BATCH)
    queue.put(file)
    queue.put(job("a", Lane.PARTIAL, at_s=25))
    assert queue.take(25) == [file]


def test_old_batch_work_of_many_files_leaves_every_second_turn_to_who_speaks() -> None:
    queue = FairQueue(QueueOptions(patience_s=20))
    queue.put(job("speaker", at_s=0))
    queue.take(0)
    for n in range(10):
        queue.put(job(f"file {n}", Lane.BATCH, seconds=15))
    taken = []
    for turn in range(12):
        if not queue.waiting(Lane.PARTIAL):
            queue.put(job("speaker", Lane.PARTIAL, at_s=30 + turn))
        taken.append(queue.take(30 + turn)[0].lane)
    assert taken == [Lane.BATCH, Lane.PARTIAL] * 6


def test_old_batch_work_is_served_file_by_file() -> None:
    queue = FairQueue(QueueOptions(max_batch=1))
    for session in "aab":
        queue.put(job(session, Lane.BATCH))
    assert [queue.take(30)[0].session for _ in range(3)] == ["a", "b", "a"]


def test_a_batch_of_files_is_short_while_somebody_speaks_and_full_when_nobody_does() -> None:
    queue = FairQueue(QueueOptions(max_batch=8, max_batch_s=60, max_batch_lane_s=10, speaking_s=15))
    queue.put(job("speaker", at_s=100))
    queue.take(100)
    for n in range(12):
        queue.put(job(f"file {n}", Lane.BATCH, seconds=4, at_s=100))
    assert [len(queue.take(now_s)) for now_s in (101, 114.9, 115)] == [2, 2, 8]


def test_who_goes_away_while_the_job_is_dropped_is_no_error() -> None:
    class LeavesJustNow(Future):
        """Cancelled by its asker between the look at it and the answer."""

        def set_exception(self, exception: BaseException | None) -> None:
            self.cancel()
            super().set_exception(exception)

    queue, older = FairQueue(), job("a", Lane.PARTIAL)
    older.future = LeavesJustNow()
    queue.put(older)
    queue.put(job("a"))
    assert older.future.cancelled()
    assert len(queue) == 1


def test_batch_work_never_fills_up_a_batch_that_somebody_waits_for() -> None:
    queue, file, final = FairQueue(), job("f", Lane.BATCH), job("a")
    queue.put(file)
    queue.put(final)
    assert queue.take(0) == [final]


def test_a_batch_of_long_utterances_holds_fewer() -> None:
    queue = FairQueue(QueueOptions(max_batch=8, max_batch_s=60))
    for session in "abcd":
        queue.put(job(session, seconds=25))
    assert [len(queue.take(0)), len(queue.take(0))] == [2, 2]


def test_each_lane_has_its_own_bound() -> None:
    queue = FairQueue(QueueOptions(max_queued=1))
    queue.put(job("f", Lane.BATCH))
    with pytest.raises(QueueFullError):
        queue.put(job("g", Lane.BATCH))
    queue.put(job("a"))
    assert [queue.waiting(lane) for lane in (Lane.FINAL, Lane.BATCH)] == [1, 1]


def test_rows_with_prompts_of_their_own_share_a_batch_where_the_model_can() -> None:
    queue, shared = FairQueue(), DecodeOptions()
    mine, yours = job("a"), job("b")
    mine.options, yours.options = DecodeOptions(prompt_terms=("一",)), DecodeOptions(prompt_terms=("二",))
    mine.together = yours.together = shared
    queue.put(mine)
    queue.put(yours)
    assert queue.take(0) == [mine, yours]


def test_another_adapter_is_another_batch() -> None:
    queue, bare, tuned = FairQueue(), job("a"), job("b")
    tuned.adapter = "site"
    queue.put(bare)
    queue.put(tuned)
    assert queue.take(0) == [bare]
