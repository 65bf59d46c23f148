"""Short windows: any length up to the full one, the full one untouched."""

import pytest
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from speech.whisper_window import allow_short_windows

FULL_FRAMES = 200


def make_model() -> WhisperForConditionalGeneration:
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=64,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=FULL_FRAMES // 2,
        max_target_positions=16,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=1,
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    return WhisperForConditionalGeneration(config).eval()


def features(frames: int) -> torch.Tensor:
    return torch.randn(2, 80, frames, generator=torch.Generator().manual_seed(1))


LABELS = torch.tensor([[5, 6, 0], [7, 8, 0]])


def test_stock_whisper_refuses_a_short_window():
    with pytest.raises(ValueError, match="mel input features"):
        make_model()(input_features=features(60), labels=LABELS)


def test_the_full_window_is_bit_identical():
    model = make_model()
    before = model(input_features=features(FULL_FRAMES), labels=LABELS).logits
    after = allow_short_windows(model)(input_features=features(FULL_FRAMES), labels=LABELS).logits
    assert torch.equal(before, after)


@pytest.mark.parametrize("frames", [2, 60, 61, FULL_FRAMES - 2])
def test_a_short_window_trains(frames: int):
    model = allow_short_windows(allow_short_windows(make_model()))
    output = model(input_features=features(frames), labels=LABELS)
    output.loss.backward()
    assert output.encoder_last_hidden_state.shape[1] == (frames + 1) // 2
    assert model.model.encoder.conv1.weight.grad.abs().sum() > 0


def test_the_short_forward_computes_what_the_stock_one_does():
    """At the largest window one frame short of full, only the end of the window can differ."""
    model = allow_short_windows(make_model())
    stock = make_model()
    stock.config.max_source_positions = 30
    stock.model.encoder.embed_positions = torch.nn.Embedding.from_pretrained(
        stock.model.encoder.embed_positions.weight[:30]
    )
    expected = stock.model.encoder(features(60)).last_hidden_state
    assert torch.equal(expected, model.model.encoder(features(60)).last_hidden_state)


def test_cross_attentions_can_be_read_on_a_short_window():
    model = allow_short_windows(make_model())
    model.set_attn_implementation("eager")
    output = model(input_features=features(60), labels=LABELS, output_attentions=True)
    assert output.cross_attentions[0].shape[-1] == 30
    assert output.encoder_attentions[0].shape[-1] == 30


def test_generate_takes_a_short_window():
    tokens = allow_short_windows(make_model()).generate(input_features=features(60), max_new_tokens=3)
    assert tokens.shape[0] == 2


def test_more_than_the_full_window_is_refused():
    with pytest.raises(ValueError, match="at most 200"):
        allow_short_windows(make_model())(input_features=features(FULL_FRAMES + 2), labels=LABELS)


def test_other_models_are_left_alone():
    allow_short_windows(make_model())
    with pytest.raises(ValueError, match="mel input features"):
        make_model()(input_features=features(60), labels=LABELS)
