"""The Whisper backend on a random model: shapes, scores, times, order. What it hears is nonsense."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import WhisperForConditionalGeneration
from transformers.generation import GenerationMixin

from speech.backends import whisper
from speech.backends.whisper import WhisperRecognizer
from speech.recognizer import DecodeOptions, ModelLoadError, load
from speech.types import Hypothesis
from tests.speech.tiny_whisper import save_tiny_whisper
from tests.speech.tones import make_noise

PADDED = DecodeOptions(window="padded", max_new_tokens=10)
SPEECH = DecodeOptions(window="speech", max_new_tokens=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_whisper(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def recognizer(folder: Path) -> WhisperRecognizer:
    return load(str(folder), "transformers")


def make_batch() -> list[np.ndarray]:
    return [make_noise(seconds, 0.1, seed) for seed, seconds in enumerate((2.0, 0.5, 3.31))]


def by_transformers(recognizer: WhisperRecognizer, samples: np.ndarray) -> tuple[list[int], list[float]]:
    """The same search by transformers' own generate: text token ids and log-probabilities."""
    prompt = recognizer.whisper_text.prompt("zh")
    features = torch.from_numpy(recognizer._features([samples], PADDED))
    output = GenerationMixin.generate(
        recognizer.model,
        features,
        decoder_input_ids=torch.tensor([prompt.prefix]),
        max_new_tokens=10,
        do_sample=False,
        num_beams=1,
        suppress_tokens=list(prompt.suppress),
        begin_suppress_tokens=list(prompt.suppress_at_begin),
        return_dict_in_generate=True,
        output_scores=True,
    )
    ids = output.sequences[0, len(prompt.prefix) :].tolist()
    scores = [float(s[0].log_softmax(-1)[i]) for s, i in zip(output.scores, ids, strict=True)]
    return ids, scores


def test_the_search_is_that_of_transformers(recognizer: WhisperRecognizer):
    for samples in make_batch():
        ids, scores = by_transformers(recognizer, samples)
        (heard,) = recognizer.transcribe([samples], PADDED)
        text_ids = [i for i in ids if i != recognizer.whisper_text.prompt("zh").end]
        assert heard.text == recognizer.whisper_text.text(text_ids).strip()
        assert sum(t.logprob for t in heard.tokens) == pytest.approx(sum(scores[: len(text_ids)]), abs=1e-3)
        assert heard.avg_logprob == pytest.approx(np.mean(scores), abs=1e-4)


def times(hypothesis: Hypothesis) -> list[tuple[str, int, int]]:
    return [(word.text, word.start_ms, word.end_ms) for word in hypothesis.words]


def test_every_token_says_what_else_it_might_have_been(recognizer: WhisperRecognizer):
    """The random model is unsure of everything, and no rival is the token itself."""
    [heard] = recognizer.transcribe(make_batch()[:1], PADDED)
    vocabulary = recognizer.model.config.vocab_size
    assert heard.tokens
    for token in heard.tokens:
        assert 0 < token.entropy <= np.log(vocabulary)
        assert token.margin >= 0
        assert token.text not in token.rivals
    by_text = {token.text.strip(): token for token in heard.tokens}
    single = [word for word in heard.words if word.text in by_text]
    assert all(word.entropy == pytest.approx(by_text[word.text].entropy) for word in single)
    assert all(word.text not in word.alternatives for word in heard.words)


def test_a_batch_hears_what_each_alone_is_heard_as(recognizer: WhisperRecognizer):
    batch = make_batch()
    together = recognizer.transcribe(batch, PADDED)
    alone = [recognizer.transcribe([samples], PADDED)[0] for samples in batch]
    for one, other in zip(together, alone, strict=True):
        assert one.text == other.text
        assert times(one) == times(other)
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-4)
        assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-5)


def test_many_utterances_come_back_in_order(recognizer: WhisperRecognizer):
    rng = np.random.default_rng(0)
    batch = [make_noise(float(seconds), 0.1, seed) for seed, seconds in enumerate(rng.uniform(0.3, 2, 18))]
    options = DecodeOptions(window="padded", max_new_tokens=3, word_times=False)
    heard = recognizer.transcribe(batch, options)
    for i in (0, 7, 17):
        assert heard[i].text == recognizer.transcribe([batch[i]], options)[0].text


def check_times(hypothesis: Hypothesis, duration_ms: int) -> None:
    edges = [edge for word in hypothesis.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= duration_ms)
    assert all(0.0 <= word.probability <= 1.0 for word in hypothesis.words)


@pytest.mark.parametrize("options", [PADDED, SPEECH])
def test_times_rise_within_the_utterance(recognizer: WhisperRecognizer, options: DecodeOptions):
    batch = make_batch()
    for samples, hypothesis in zip(batch, recognizer.transcribe(batch, options), strict=True):
        assert hypothesis.text
        assert hypothesis.words
        check_times(hypothesis, len(samples) // 16)
        assert hypothesis.avg_logprob < 0
        assert 0 <= hypothesis.no_speech_prob <= 1
        assert hypothesis.compression_ratio > 0


def test_attention_is_what_the_model_attended(recognizer: WhisperRecognizer):
    """Our own cross-attention equals what the model returns when run with eager attention."""
    from speech.backends.whisper_decode import cross_attention, greedy

    model, prompt = recognizer.model, recognizer.whisper_text.prompt("zh")
    features = torch.from_numpy(recognizer._features([make_noise(3.0, 0.1)], PADDED))
    encoded = model.model.encoder(features).last_hidden_state
    decoded = greedy(model, encoded, [prompt], [10])
    (ours,) = cross_attention(model, encoded, [prompt], decoded, [encoded.shape[1]])
    ids = torch.tensor([[*prompt.prefix, *decoded[0].ids]])
    model.set_attn_implementation("eager")
    try:
        output = model.model.decoder(ids, encoder_hidden_states=encoded, output_attentions=True)
    finally:
        model.set_attn_implementation("sdpa")
    theirs = torch.stack(
        [output.cross_attentions[layer][0, head] for layer, head in ((0, 1), (1, 0), (1, 1))]
    )
    assert torch.allclose(ours, theirs[:, len(prompt.prefix) - 1 :], atol=1e-5)


def test_without_word_times_there_are_none(recognizer: WhisperRecognizer):
    options = DecodeOptions(window="padded", max_new_tokens=8, word_times=False)
    assert recognizer.transcribe([make_noise(1.0, 0.1)], options)[0].words == ()


def test_silence_and_nothing_are_heard_without_error(recognizer: WhisperRecognizer):
    heard = recognizer.transcribe([np.zeros(16_000, np.float32), np.zeros(0, np.float32)], SPEECH)
    assert len(heard) == 2
    assert recognizer.transcribe([], SPEECH) == []


def test_short_windows_cost_what_the_speech_costs(recognizer: WhisperRecognizer):
    batch = [make_noise(3.0, 0.1)]
    assert recognizer._features(batch, PADDED).shape == (1, 80, 1000)
    assert recognizer._features(batch, SPEECH).shape == (1, 80, 320)
    assert recognizer._features([make_noise(0.1)], SPEECH).shape == (1, 80, 100)
    assert recognizer._features(batch, DecodeOptions()).shape == (1, 80, 1000), (
        "an untuned model keeps its own"
    )


def test_a_model_that_says_so_gets_short_windows(folder: Path, tmp_path: Path):
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "auscult.json").write_text(json.dumps({"variable_window": True, "name": "tiny"}))
    recognizer = load(str(tmp_path), "transformers")
    assert recognizer._features([make_noise(3.0)], DecodeOptions()).shape == (1, 80, 320)
    assert recognizer._features([make_noise(3.0)], PADDED).shape == (1, 80, 1000)


def test_what_is_longer_than_the_window_is_cut_and_joined(recognizer: WhisperRecognizer):
    samples = make_noise(12.0, 0.1)
    samples[16 * 8_000 : 16 * 8_200] = 0
    (heard,) = recognizer.transcribe([samples], PADDED)
    check_times(heard, 12_000)
    assert any(word.start_ms > 8_000 for word in heard.words)
    first = recognizer.transcribe([samples[: 16 * 8_100]], PADDED)[0]
    assert heard.text.startswith(first.text[:2])


def test_a_budget_ends_a_loop(recognizer: WhisperRecognizer):
    """The random model never ends by itself: so much text as the time can hold, and no more."""
    (heard,) = recognizer.transcribe([make_noise(0.1, 0.1)], DecodeOptions(window="padded"))
    assert sum(len(recognizer.whisper_text.tokenizer.encode(t.text)) for t in heard.tokens) <= 64


def test_languages(recognizer: WhisperRecognizer):
    (heard,) = recognizer.transcribe([make_noise(1.0)], DecodeOptions(language="en", max_new_tokens=4))
    assert heard.language == "en"
    with pytest.raises(ValueError, match="no language 'xx'"):
        recognizer.transcribe([make_noise(1.0)], DecodeOptions(language="xx"))


def test_terms_stand_before_the_start_and_leave_room_for_the_text(recognizer: WhisperRecognizer):
    plain = recognizer.whisper_text.prompt("zh")
    told = recognizer.whisper_text.with_text_before(plain, ["Metformin", "血壓"])
    assert told.prefix[told.start :] == plain.prefix
    assert (
        recognizer.whisper_text.tokenizer.decode(told.prefix[: told.start])
        == "<|startofprev|> Metformin, 血壓"
    )
    many = recognizer.whisper_text.with_text_before(plain, [f"Metformin {n}" for n in range(500)])
    assert many.start == recognizer.model.config.max_target_positions // 2
    assert recognizer.whisper_text.tokenizer.decode(many.prefix[: many.start]).endswith("Metformin 499")
    assert recognizer.whisper_text.with_text_before(plain, []) is plain


def test_a_prompt_changes_what_is_heard_alike_in_a_batch_and_alone(recognizer: WhisperRecognizer):
    batch, options = make_batch(), DecodeOptions(prompt_terms=("Metformin",))
    together = recognizer.transcribe(batch, options)
    for samples, one in zip(batch, together, strict=True):
        alone = recognizer.transcribe([samples], options)[0]
        assert alone.text == one.text
        check_times(one, len(samples) // 16)
    plain = recognizer.transcribe(batch)
    assert [one.avg_logprob for one in plain] != [one.avg_logprob for one in together]


def test_threads_share_one_model(recognizer: WhisperRecognizer):
    batch = make_batch()
    expected = [h.text for h in recognizer.transcribe(batch, SPEECH)]
    results: dict[int, list[str]] = {}

    def work(number: int) -> None:
        results[number] = [h.text for h in recognizer.transcribe(batch, SPEECH)]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all(results[n] == expected for n in range(3))


def test_a_model_with_128_mels(tmp_path: Path):
    recognizer = load(str(save_tiny_whisper(tmp_path / "large", mels=128)), "transformers")
    assert recognizer._features([make_noise(2.0)], SPEECH).shape == (1, 128, 220)
    assert len(recognizer.transcribe([make_noise(2.0, 0.1)], SPEECH)) == 1


def test_half_precision_features_follow_the_model(folder: Path):
    """float32 features into a bf16 model raise in the first convolution."""
    recognizer = load(str(folder), "transformers")
    recognizer.model.to(torch.bfloat16)
    (heard,) = recognizer.transcribe([make_noise(2.0, 0.1)], SPEECH)
    assert np.isfinite(heard.avg_logprob)


def parts(recognizer: WhisperRecognizer, ids: list[int]) -> list[str]:
    return [
        recognizer.whisper_text.text(ids[start:end])
        for start, end in recognizer.whisper_text.whole_characters(ids)
    ]


@pytest.mark.parametrize("text", ["龘病a", "建議做檢查", "病人目前服用 Metformin 500 mg", "𠮷好"])
def test_hanzi_cut_into_bytes_come_together(recognizer: WhisperRecognizer, text: str):
    ids = recognizer.whisper_text.tokenizer.encode(text, add_special_tokens=False)
    assert "".join(parts(recognizer, ids)) == text


def test_a_stray_byte_spoils_only_its_neighbour(recognizer: WhisperRecognizer):
    ids = recognizer.whisper_text.tokenizer.encode("病龘人好", add_special_tokens=False)
    stray = recognizer.whisper_text.tokenizer.encode("龘", add_special_tokens=False)[0]
    heard = parts(recognizer, [ids[0], stray, *ids[1:]])
    assert "".join(heard).endswith("人好")
    assert "\ufffd" in "".join(heard)


def test_an_adapter_is_merged_in(folder: Path, tmp_path: Path, recognizer: WhisperRecognizer):
    peft = pytest.importorskip("peft")  # seconds to import
    adapted = peft.get_peft_model(
        WhisperForConditionalGeneration.from_pretrained(folder),
        peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False),
    )
    adapted.save_pretrained(tmp_path / "adapter")
    merged = whisper.load(str(folder), adapter=str(tmp_path / "adapter"))
    features = torch.from_numpy(recognizer._features([make_noise(1.0, 0.1)], PADDED))
    ids = torch.tensor([recognizer.whisper_text.prompt("zh").prefix])
    with torch.inference_mode():
        expected = adapted(input_features=features, decoder_input_ids=ids).logits
        plain = recognizer.model(input_features=features, decoder_input_ids=ids).logits
        heard = merged.model(input_features=features, decoder_input_ids=ids).logits
    assert torch.allclose(heard, expected, atol=1e-4)
    assert not torch.allclose(heard, plain, atol=1e-2)


def test_it_says_why_a_model_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ModelLoadError, match="no model folder"):
        load(str(tmp_path / "nowhere"), "transformers")
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2"}')
    with pytest.raises(ModelLoadError, match="wav2vec2 model, neither a Whisper nor a Parakeet"):
        load(str(tmp_path), "transformers")
    (tmp_path / "config.json").write_text("not json")
    with pytest.raises(ModelLoadError, match=r"config\.json"):
        load(str(tmp_path), "transformers")
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(ModelLoadError, match="could not be loaded"):
        load(str(tmp_path), "transformers")


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("options", [PADDED, SPEECH])
def test_a_model_in_half_precision_takes_float32_features(folder: Path, half: torch.dtype, options):
    """Stock generate stops at conv1: "Input type (float) and bias type (c10::BFloat16)"."""
    recognizer = load(str(folder), "transformers")
    recognizer.model.to(half)
    plain = load(str(folder), "transformers").transcribe(make_batch(), options)
    heard = recognizer.transcribe(make_batch(), options)
    assert len(heard) == 3 and any(one.words for one in heard)
    for ours, theirs in zip(heard, plain, strict=True):
        assert np.isfinite(ours.avg_logprob)
        assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=0.5)  # a random model is near ties


def test_generate_under_bf16_autocast_takes_float32_features(recognizer: WhisperRecognizer):
    features = torch.from_numpy(recognizer._features(make_batch()[:1], PADDED))
    prefix = torch.tensor([recognizer.whisper_text.prompt("zh").prefix])
    assert features.dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        ids = GenerationMixin.generate(
            recognizer.model, features, decoder_input_ids=prefix, max_new_tokens=5, do_sample=False
        )
    assert ids.shape[1] > prefix.shape[1]
