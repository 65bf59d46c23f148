"""Guided attention: the loss is low exactly when the guided heads look where the words are."""

import pytest
import torch

from training.pretrain.guide import GUIDED_HEADS, AttentionGuide
from training.pretrain.model import build_model
from training.pretrain.tokenizer import train_tokenizer

FRAMES = 40


@pytest.fixture
def model():
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["今天早上去學校", "the patient has fever"] * 5)
    return build_model(tokenizer, d_model=192, encoder_layers=1).train()


def pass_through(model) -> None:
    model(input_features=torch.randn(2, 80, 2 * FRAMES), decoder_input_ids=torch.ones(2, 6, dtype=torch.long))


def make_spans(first: int, last: int) -> torch.Tensor:
    spans = torch.zeros((2, 6, 2), dtype=torch.long)
    spans[:, 3:5] = torch.tensor([first, last])
    return spans


def test_the_whole_window_costs_nothing_and_a_part_costs_its_share(model):
    guide = AttentionGuide(model)
    pass_through(model)
    assert guide.loss(make_spans(0, FRAMES)).item() == pytest.approx(0.0, abs=1e-4)
    pass_through(model)
    # Random weights attend almost evenly: a tenth of the frames costs about log(10).
    assert guide.loss(make_spans(8, 12)).item() == pytest.approx(2.3, abs=0.5)


def test_in_the_last_layer_it_teaches_the_guided_heads_only(model):
    guide = AttentionGuide(model)
    pass_through(model)
    guide.loss(make_spans(8, 12)).backward()
    gradient = (
        model.model.decoder.layers[-1].encoder_attn.q_proj.weight.grad.view(3, 64, -1).abs().sum((1, 2))
    )
    assert {head for head in range(3) if gradient[head] > 0} == {
        g.head for g in GUIDED_HEADS if g.looks_ahead
    }


def test_training_on_it_moves_the_attention(model):
    guide = AttentionGuide(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(12):
        torch.manual_seed(1)
        pass_through(model)
        loss = guide.loss(make_spans(8, 12))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_no_times_no_opinion(model):
    guide = AttentionGuide(model)
    pass_through(model)
    assert guide.loss(torch.zeros((2, 6, 2), dtype=torch.long)).item() == 0.0


def test_nothing_is_kept_outside_training(model):
    guide = AttentionGuide(model.eval())
    pass_through(model)
    assert not guide._inputs
