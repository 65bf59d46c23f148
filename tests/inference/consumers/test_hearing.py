"""How a session asks the engines: one of several, the next when it does not answer."""

from collections.abc import Callable

import httpx
import pytest

from inference.consumers.hearing import EngineClient, EngineUnavailableError, SupersededError, engine_place
from inference.streaming.events import FinalWanted, PartialWanted
from speech.types import Token, Word

ANSWER = {
    "text": "血壓",
    "words": [{"text": "血壓", "start_ms": 0, "end_ms": 300, "probability": 0.9}],
    "tokens": [{"text": "血壓", "logprob": -0.1, "entropy": None}],
    "flags": [],
    "rejected_text": "",
    "avg_logprob": -0.1,
    "model": "m",
    "adapter": "a",
    "pressure": 1,
    "fallback": True,
    "language": "zh",
}
LOAD = {
    "active": 3,
    "capacity": 4.5,
    "accepts": True,
    "retry_after_s": 0.0,
    "pressure": 0,
    "device": "cpu",
    "fallback": False,
}
FINAL = FinalWanted(0, 1, b"\0\0", 0, 1000, 900)
PARTIAL = PartialWanted(0, b"\0\0", 0, 1000, 900)
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def engines(monkeypatch, settings) -> Callable[..., list[httpx.Request]]:
    """engines(one=handler, two=handler) -> the requests that came, in order."""

    def start(**handlers: Handler) -> list[httpx.Request]:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return handlers[request.url.host](request)

        settings.AUSCULT_ENGINE_URL = ", ".join(f"http://{name}/" for name in handlers)
        monkeypatch.setattr(EngineClient, "transport", httpx.MockTransport(answer))
        return seen

    return start


def well(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=ANSWER)


def dead(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def busy(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, headers={"Retry-After": "7"})


async def test_it_hears_all_that_a_session_needs_to_doubt_the_text(engines) -> None:
    engines(one=well)
    heard = await EngineClient("s", "m").hear(FINAL)
    assert heard.words == (Word("血壓", 0, 300, 0.9),)
    assert heard.tokens == (Token("血壓", -0.1),)
    assert (heard.avg_logprob, heard.model, heard.adapter, heard.pressure) == (-0.1, "m", "a", 1)
    assert (heard.language, heard.fallback) == ("zh", True)


async def test_the_session_tells_the_engine_what_it_is_pinned_to(engines) -> None:
    seen = engines(one=well)
    await EngineClient("s", "m", adapter="a", language="en", prompt_terms=["一", "二"]).hear(PARTIAL)
    query = seen[0].url.params
    assert (query["model"], query["adapter"], query["language"], query["lane"]) == ("m", "a", "en", "partial")
    assert query.get_list("hotwords") == ["一", "二"]
    assert seen[0].headers["X-Session"] == "s"


async def test_a_session_stays_with_one_engine_and_sessions_spread(engines) -> None:
    seen = engines(one=well, two=well)
    for session in "abcdefgh":
        client = EngineClient(session, "m")
        first = len(seen)
        for _ in range(3):
            await client.hear(FINAL)
        assert len({request.url.host for request in seen[first:]}) == 1
    assert {request.url.host for request in seen} == {"one", "two"}


@pytest.mark.parametrize("broken", [dead, busy])
async def test_the_next_engine_answers_for_one_that_does_not(engines, broken: Handler) -> None:
    seen = engines(one=broken, two=well)
    for session in "abcdefgh":
        client = EngineClient(session, "m")
        assert (await client.hear(FINAL)).text == "血壓"
        first = len(seen)
        await client.hear(FINAL)
        assert [request.url.host for request in seen[first:]] == ["two"]
        assert seen[-1].headers["X-Admitted"] == "1"
    assert "one" in {request.url.host for request in seen}


async def test_when_none_answers_it_says_when_to_ask_again(engines) -> None:
    seen = engines(one=busy, two=busy)
    with pytest.raises(EngineUnavailableError) as refused:
        await EngineClient("s", "m").hear(FINAL)
    assert refused.value.retry_s == 7
    assert len(seen) == 2


async def test_what_the_engine_cannot_do_is_not_asked_elsewhere(engines) -> None:
    seen = engines(one=lambda _: httpx.Response(404, text="no model"), two=lambda _: httpx.Response(404))
    with pytest.raises(EngineUnavailableError) as refused:
        await EngineClient("s", "m").hear(FINAL)
    assert refused.value.retry_s is None
    assert len(seen) == 1


async def test_a_newer_request_of_the_session_is_no_failure(engines) -> None:
    engines(one=lambda _: httpx.Response(409), two=lambda _: httpx.Response(409))
    with pytest.raises(SupersededError):
        await EngineClient("s", "m").hear(PARTIAL)


async def test_the_load_is_that_of_an_engine_which_takes_one_more(engines) -> None:
    full = LOAD | {"accepts": False, "active": 9}
    engines(
        one=dead,
        two=lambda _: httpx.Response(200, json=full),
        three=lambda _: httpx.Response(200, json={**LOAD, "said_by_a_newer_engine": 1}),
    )
    load = await engine_place()
    assert load is not None
    assert (load.accepts, load.active) == (True, 3)


async def test_the_load_is_unknown_when_every_engine_is_away(engines) -> None:
    engines(one=dead, two=lambda _: httpx.Response(500))
    assert await engine_place() is None
