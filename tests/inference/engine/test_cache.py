"""Models come and go without pulling the rug from under anybody."""

import threading

import pytest

from inference.engine.cache import ModelCache
from speech.backends.fake import FakeRecognizer
from speech.recognizer import ModelLoadError


def test_the_least_recently_used_model_goes_first() -> None:
    cache = ModelCache(FakeRecognizer, keep=2)
    for ref in ("fake:1", "fake:2", "fake:1", "fake:3"):
        cache.request(ref).result(5)
    assert cache.refs() == ["fake:1", "fake:3"]


def test_a_model_in_use_is_not_put_away() -> None:
    cache = ModelCache(FakeRecognizer, keep=1)
    with cache.held("fake:1"):
        cache.request("fake:1").result(5)
        cache.request("fake:2").result(5)
        assert cache.get("fake:1").ref == "fake:1"
    assert cache.refs() == ["fake:2"]


def test_two_who_want_the_same_model_wait_for_one_load() -> None:
    loads, gate = [], threading.Event()

    def slow(ref: str) -> FakeRecognizer:
        loads.append(ref)
        gate.wait(5)
        return FakeRecognizer(ref)

    cache = ModelCache(slow)
    first, second = cache.request("fake:1"), cache.request("fake:1")
    gate.set()
    assert first.result(5) is second.result(5)
    assert loads == ["fake:1"]


def test_a_failed_load_is_told_and_tried_again() -> None:
    answers = [ModelLoadError("no weights"), None]

    def flaky(ref: str) -> FakeRecognizer:
        if error := answers.pop(0):
            raise error
        return FakeRecognizer(ref)

    cache = ModelCache(flaky)
    with pytest.raises(ModelLoadError, match="no weights"):
        cache.request("fake:1").result(5)
    assert cache.request("fake:1").result(5).ref == "fake:1"


def test_a_load_into_which_the_cache_is_cleared_begins_anew() -> None:
    loads, begun, gate = [], threading.Event(), threading.Event()

    def slow(ref: str) -> FakeRecognizer:
        loads.append(FakeRecognizer(ref))
        begun.set()
        gate.wait(5)
        return loads[-1]

    cache = ModelCache(slow)
    waiting = cache.request("fake:1")
    assert begun.wait(5)
    cache.clear()
    later = cache.request("fake:1")
    gate.set()
    assert waiting.result(5) is later.result(5) is cache.get("fake:1") is loads[1]
    assert len(loads) == 2


def test_a_cache_that_is_cleared_again_and_again_still_answers() -> None:
    def unlucky(ref: str) -> FakeRecognizer:
        cache.clear()
        return FakeRecognizer(ref)

    cache = ModelCache(unlucky)
    assert cache.request("fake:1").result(5).ref == "fake:1"
    assert cache.refs() == []


def test_a_model_that_is_used_is_not_the_first_to_go() -> None:
    cache = ModelCache(FakeRecognizer, keep=2)
    for ref in ("fake:1", "fake:2"):
        cache.request(ref).result(5)
    cache.used("fake:1")
    cache.used("fake:never loaded")
    cache.request("fake:3").result(5)
    assert cache.refs() == ["fake:1", "fake:3"]
