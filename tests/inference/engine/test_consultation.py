"""Half an hour of utterances in a minute: the last are heard as the first were, and memory stays flat.

With the bundled model, four people at once, so that batches are mixed anew all the time.
"""

import asyncio
import os
import random
from pathlib import Path

import httpx
import numpy as np
import pytest

from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from speech.audio import float_to_pcm16
from speech.backends.espeak import EspeakSynthesizer
from speech.grammar import held_out_sentence
from speech.metrics import cer, total
from speech.synthesizer import Voice
from speech.voices import HELD_OUT_VARIANTS, espeak_name

MODEL = Path(__file__).parents[3] / "models" / "auscult-base"
PEOPLE, SENTENCES, ROUNDS = 4, 12, 8  # 384 utterances, half an hour of speech

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (MODEL / "model.safetensors").is_file(), reason=f"needs the bundled model in {MODEL}"
    ),
]


def _sentences() -> list[tuple[str, bytes]]:
    synthesizer, rng = EspeakSynthesizer(), random.Random(11)
    voices = [Voice(espeak_name(name), 170, 50) for name in HELD_OUT_VARIANTS]
    texts = [held_out_sentence(rng) for _ in range(SENTENCES)]
    return [
        (text, float_to_pcm16(synthesizer.synthesize(text, voices[n % len(voices)]).samples))
        for n, text in enumerate(texts)
    ]


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def test_a_long_consultation_stays_consistent_and_its_memory_flat() -> None:
    spoken = _sentences()
    app = create_app(EngineConfig(str(MODEL), Path("/nonexistent")), warm_before_serving=True)
    transport = httpx.ASGITransport(app=app)
    errors: list[float] = []
    memory_mb: list[float] = []

    async def speak(client: httpx.AsyncClient, person: int, number: int) -> tuple[str, str]:
        reference, pcm = spoken[(number + 3 * person) % SENTENCES]
        headers = {"X-Session": f"person {person}"}
        answer = await client.post("/v1/transcribe", content=pcm, headers=headers)
        assert answer.status_code == 200, answer.text
        return reference, answer.json()["text"]

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=60) as client,
    ):
        for _ in range(ROUNDS):
            heard = []
            for number in range(SENTENCES):
                heard += await asyncio.gather(*(speak(client, person, number) for person in range(PEOPLE)))
            errors.append(total(cer(reference, text) for reference, text in heard).rate)
            memory_mb.append(_memory_mb())

    assert max(errors) < 0.25
    assert np.ptp(errors) <= 0.01, f"CER of each round: {errors}"
    settled = memory_mb[ROUNDS // 3]
    assert memory_mb[-1] < 1.02 * settled, f"MB after each round: {memory_mb}"
