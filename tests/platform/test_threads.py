"""Requests keep their threads: one after the other shares one, and with it an open connection."""

import asyncio
from threading import Barrier, get_ident

from asgiref.sync import ThreadSensitiveContext, sync_to_async

from config.threads import KeptThreads


class Handler:
    """As Django's: a context of its own where there is none, synchronous work within."""

    def __init__(self, work=get_ident):
        self.work = work
        self.threads = []

    async def __call__(self, scope, receive, send):
        async with ThreadSensitiveContext():
            self.threads.append(await sync_to_async(self.work, thread_sensitive=True)())


async def requests(application, count):
    await asyncio.gather(*[application({"type": "http"}, None, None) for _ in range(count)])


async def test_one_request_after_another_runs_in_one_thread():
    handler = Handler()
    application = KeptThreads(handler)
    for _ in range(5):
        await requests(application, 1)
    assert len(set(handler.threads)) == 1


async def test_requests_at_the_same_time_do_not_wait_for_each_other():
    together = Barrier(4)

    def meet():
        together.wait(10)
        return get_ident()

    handler = Handler(meet)
    await requests(KeptThreads(handler, most=2), 4)  # more than are kept
    assert len(set(handler.threads)) == 4


async def test_only_so_many_threads_are_kept():
    together = Barrier(4)

    def meet():
        together.wait(10)
        return get_ident()

    handler = Handler(meet)
    application = KeptThreads(handler, most=2)
    await requests(application, 4)
    handler.work, first = get_ident, set(handler.threads)
    handler.threads.clear()
    for _ in range(4):
        await requests(application, 1)
    assert set(handler.threads) < first
    assert len(application._free) == 2


async def test_a_request_that_fails_gives_its_thread_back():
    def fail():
        raise RuntimeError("broken")

    handler = Handler(fail)
    application = KeptThreads(handler)
    results = await asyncio.gather(application({"type": "http"}, None, None), return_exceptions=True)
    assert isinstance(results[0], RuntimeError)
    assert len(application._free) == 1
