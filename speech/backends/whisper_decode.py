"""Whisper's decoder, driven by hand: greedy search with a score for every token, and where it attended.

Plain tensors in and out. The search is our own because `WhisperForConditionalGeneration.generate` changes
shapes with its options and hides the scores; see the tests for what is promised.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import WhisperForConditionalGeneration

from speech.backends.decoded import RIVALS, Decoded, Prompt


@torch.inference_mode()
def greedy(
    model: WhisperForConditionalGeneration,
    encoded: torch.Tensor,
    prompts: Sequence[Prompt],
    budgets: Sequence[int],
) -> list[Decoded]:
    """Most probable token at every step. `encoded` (rows, positions, d_model); for each row a prompt, all of
    one length, and a budget of text tokens. Log-probabilities are over what is not suppressed, in float32."""
    rows, prompt = encoded.shape[0], prompts[0]
    blocked = _mask(prompt.suppress, model.config.vocab_size, encoded.device)
    blocked_first = blocked + _mask(prompt.suppress_at_begin, model.config.vocab_size, encoded.device)
    limits = torch.tensor(budgets, device=encoded.device)
    ids = torch.tensor([one.prefix for one in prompts], device=encoded.device)
    chosen, scores, entropies, rivals, rival_scores = [], [], [], [], []
    finished = torch.zeros(rows, dtype=torch.bool, device=encoded.device)
    no_speech = torch.zeros(rows)
    cache: Any = None
    for step in range(max(budgets) + 1):
        output = model.model.decoder(
            input_ids=ids, encoder_hidden_states=encoded, past_key_values=cache, use_cache=True
        )
        cache = output.past_key_values
        if step == 0 and prompt.no_speech is not None:
            first = model.proj_out(output.last_hidden_state[:, prompt.start]).float()
            no_speech = first.softmax(-1)[:, prompt.no_speech].cpu()
        logits = model.proj_out(output.last_hidden_state[:, -1]).float()
        logprobs = (logits + (blocked if step else blocked_first)).log_softmax(-1)
        # At the end of its budget a row is cut off: the end token is forced and gets no score.
        cut = (limits <= step) & ~finished
        best = logprobs.topk(RIVALS + 1, dim=-1)
        score, token = best.values[:, 0], best.indices[:, 0]
        entropies.append(-(logprobs.exp() * logprobs.nan_to_num(neginf=0.0)).sum(-1))
        rivals.append(best.indices[:, 1:])
        rival_scores.append(best.values[:, 1])
        token = torch.where(finished | cut, prompt.end, token)
        score = torch.where(finished | cut, torch.nan, score)
        chosen.append(token)
        scores.append(score)
        finished |= token == prompt.end
        if bool(finished.all()):
            break
        ids = token[:, None]
    steps = [torch.stack(one, 1).tolist() for one in (chosen, scores, entropies, rivals, rival_scores)]
    return [_row(prompt.end, silent, *row) for silent, *row in zip(no_speech.tolist(), *steps, strict=True)]


@torch.inference_mode()
def likeliest_languages(
    model: WhisperForConditionalGeneration, encoded: torch.Tensor, start: int, language_ids: dict[str, int]
) -> list[str]:
    """The language token that would come after start-of-transcript, of those named; one for each row."""
    ids = torch.full((encoded.shape[0], 1), start, device=encoded.device)
    output = model.model.decoder(input_ids=ids, encoder_hidden_states=encoded)
    logits = model.proj_out(output.last_hidden_state[:, 0]).float()
    codes = list(language_ids)
    return [codes[best] for best in logits[:, list(language_ids.values())].argmax(-1).tolist()]


def _row(
    end: int,
    no_speech_prob: float,
    token_ids: list[int],
    logprobs: list[float],
    entropies: list[float],
    rivals: list[list[int]],
    rival_logprobs: list[float],
) -> Decoded:
    length = token_ids.index(end)
    end_logprob = logprobs[length]
    is_cut_off = end_logprob != end_logprob  # NaN: the end was forced
    return Decoded(
        tuple(token_ids[:length]),
        tuple(logprobs[:length]),
        None if is_cut_off else end_logprob,
        no_speech_prob,
        tuple(entropies[:length]),
        tuple(map(tuple, rivals[:length])),
        tuple(rival_logprobs[:length]),
    )


@torch.inference_mode()
def cross_attention(
    model: WhisperForConditionalGeneration,
    encoded: torch.Tensor,
    prompts: Sequence[Prompt],
    decoded: Sequence[Decoded],
    positions: Sequence[int],
) -> list[torch.Tensor]:
    """Where each token looked: per row (heads, tokens + 1, positions), softmax over the row's own positions.

    Token k's row is that of the step which predicted it; the last is the end of text. The heads are the
    model's alignment heads, or all of the upper half of the layers when it names none.
    """
    longest = max(len(one.ids) for one in decoded)
    ids = torch.tensor(
        [
            [*prompt.prefix, *one.ids, *[prompt.end] * (longest - len(one.ids))]
            for prompt, one in zip(prompts, decoded, strict=True)
        ],
        device=encoded.device,
    )
    captured: list[torch.Tensor] = []
    with _capture_logits(model, captured):
        model.model.decoder(input_ids=ids, encoder_hidden_states=encoded, use_cache=False)
    logits = torch.cat(captured, dim=1)
    first = len(prompts[0].prefix) - 1
    return [
        logits[row, :, first : first + len(one.ids) + 1, : positions[row]].softmax(-1).cpu()
        for row, one in enumerate(decoded)
    ]


@contextmanager
def _capture_logits(model: WhisperForConditionalGeneration, into: list[torch.Tensor]) -> Iterator[None]:
    """While inside, each aligned layer appends its cross-attention logits (rows, heads, tokens, positions).

    Computed from the layer's own projections, because the fast attention kernels return no weights.
    """

    def hook_for(heads: list[int]) -> Any:
        def hook(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            queries = args[0] if args else kwargs["hidden_states"]
            keys = kwargs["key_value_states"]
            split = (-1, module.num_heads, module.head_dim)
            q = (module.q_proj(queries) * module.scaling).unflatten(-1, split[1:])[:, :, heads]
            k = module.k_proj(keys).unflatten(-1, split[1:])[:, :, heads]
            into.append(torch.einsum("bthd,bshd->bhts", q.float(), k.float()))

        return hook

    layers = model.model.decoder.layers
    handles = [
        layers[layer].encoder_attn.register_forward_pre_hook(hook_for(heads), with_kwargs=True)
        for layer, heads in _alignment_heads(model).items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _alignment_heads(model: WhisperForConditionalGeneration) -> dict[int, list[int]]:
    by_layer: dict[int, list[int]] = {}
    for layer, head in getattr(model.generation_config, "alignment_heads", None) or ():
        by_layer.setdefault(layer, []).append(head)
    if not by_layer:
        count = model.config.decoder_layers
        every_head = list(range(model.config.decoder_attention_heads))
        by_layer = dict.fromkeys(range(count // 2, count), every_head)
    return by_layer


def _mask(ids: Sequence[int], vocab_size: int, device: torch.device) -> torch.Tensor:
    """Zeros (vocabulary,), minus infinity at `ids`."""
    mask = torch.zeros(vocab_size, device=device)
    mask[list(ids)] = -torch.inf
    return mask
