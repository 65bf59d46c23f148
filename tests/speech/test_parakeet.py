"""Parakeet as a recogniser: batches, times and scores of CTC and TDT."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from speech.backends import parakeet
from speech.backends.parakeet_decode import greedy_tdt
from speech.backends.pieces import whole_pieces
from speech.recognizer import AUTO_LANGUAGE, DecodeOptions, ModelLoadError, load
from tests.speech.tones import make_noise
from tests.training.tiny_parakeet import make_ctc, make_tdt


@pytest.fixture(scope="module", params=[make_ctc, make_tdt])
def recognizer(request, tmp_path_factory: pytest.TempPathFactory):
    torch.set_num_threads(1)
    return load(str(request.param(tmp_path_factory.mktemp("parakeet"))))


def sounds():
    return [make_noise(seconds, 0.1) for seconds in (0.7, 2.3, 1.1)]


def test_one_is_heard_in_a_batch_as_alone(recognizer):
    together = recognizer.transcribe(sounds())
    for sound, hypothesis in zip(sounds(), together, strict=True):
        alone = recognizer.transcribe([sound])[0]
        assert alone.text == hypothesis.text
        assert alone.avg_logprob == pytest.approx(hypothesis.avg_logprob, abs=1e-4)


def test_words_lie_within_the_utterance_and_have_what_is_needed_to_doubt_them(recognizer):
    for sound, hypothesis in zip(sounds(), recognizer.transcribe(sounds()), strict=True):
        assert hypothesis.words and hypothesis.tokens and hypothesis.avg_logprob < 0
        times = [(word.start_ms, word.end_ms) for word in hypothesis.words]
        assert times == sorted(times) and times[-1][1] <= len(sound) // 16
        assert all(start <= end for start, end in times)
        assert all(0 < word.probability <= 1 and word.entropy > 0 for word in hypothesis.words)
        assert "".join(token.text for token in hypothesis.tokens).strip() == hypothesis.text


def test_a_score_is_that_of_the_best_choice(recognizer):
    """Also of a transducer, whose scores are computed after its search."""
    for hypothesis in recognizer.transcribe(sounds()):
        assert all(token.margin >= -1e-5 for token in hypothesis.tokens)


def test_options_are_followed_where_it_can(recognizer):
    plain, short = (
        recognizer.transcribe(sounds(), DecodeOptions(word_times=False, max_new_tokens=most))[1]
        for most in (200, 3)
    )
    assert not plain.words and len(plain.tokens) > 3
    assert len(short.tokens) <= 3 and plain.text.startswith(short.text)
    told = recognizer.transcribe(sounds(), DecodeOptions(prompt_terms=("Metformin",), window="padded"))[1]
    assert told.text == plain.text
    language = recognizer.transcribe(sounds(), DecodeOptions(language=AUTO_LANGUAGE))[1].language
    assert language in {"zh", "en"}


def test_silence_shorter_than_a_frame_and_speech_longer_than_a_piece_are_decoded(recognizer, monkeypatch):
    monkeypatch.setattr(parakeet, "LONGEST_MS", 2_500)
    nothing, long = recognizer.transcribe([np.zeros(0, np.float32), make_noise(5.0, 0.1)])
    assert all(word.end_ms == 0 for word in nothing.words)
    assert long.words[-1].end_ms > 2_500


def test_a_transducer_emits_what_generate_emits(tmp_path: Path):
    model = load(str(make_tdt(tmp_path)))._model
    features = torch.randn(1, 200, 128, generator=torch.Generator().manual_seed(1))
    mask = torch.ones(1, 200, dtype=torch.bool)
    emitted = greedy_tdt(model, features, mask, 1000)[0]
    made = model.generate(input_features=features, attention_mask=mask, max_new_tokens=1000)
    blank = model.config.blank_token_id
    assert [one.id for one in emitted] == [id for id in made.sequences[0].tolist() if id != blank]
    assert emitted[-1].end <= 25


def test_characters_of_several_tokens_stay_whole_and_spaces_stand():
    parts = {1: b" \xe8", 2: b"\xa1", 3: b"\x80", 4: b" pressure"}

    def text_of(ids):
        return b"".join(parts[id] for id in ids).decode(errors="replace").lstrip()

    assert whole_pieces([1, 2, 3, 4], text_of) == [("血", 0, 3), (" pressure", 3, 4)]


def test_an_adapter_is_merged_and_what_cannot_be_loaded_says_why(tmp_path: Path):
    import peft
    from transformers import ParakeetForCTC

    folder = make_ctc(tmp_path / "base")
    adapted = peft.get_peft_model(
        ParakeetForCTC.from_pretrained(folder),
        peft.LoraConfig(r=4, target_modules=["q_proj", "o_proj"], init_lora_weights=False),
    )
    adapted.save_pretrained(tmp_path / "adapter")
    merged = parakeet.load(str(folder), adapter=str(tmp_path / "adapter"))
    features = torch.randn(1, 100, 80)
    with torch.inference_mode():
        expected = adapted.eval()(input_features=features).logits
        assert torch.allclose(merged._model(input_features=features).logits, expected, atol=1e-4)
    with pytest.raises(ModelLoadError, match="no model folder"):
        parakeet.load(str(tmp_path / "nowhere"))
    uneven = make_tdt(tmp_path / "uneven")
    config = json.loads((uneven / "config.json").read_text())
    (uneven / "config.json").write_text(json.dumps({**config, "durations": [0, 2, 4, 6, 8]}))
    with pytest.raises(ModelLoadError, match="durations"):
        load(str(uneven))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelLoadError, match="could not be loaded"):
        load(str(folder))
