"""The bundled model's architecture and generation settings: a standard WhisperConfig, only small."""

from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration, WhisperTokenizer

from speech.whisper_window import allow_short_windows
from training.pretrain.tokenizer import END, LANGUAGE_TOKENS, SPECIAL_TOKENS, START, token_id

MAX_PARAMETERS = 6_000_000


def build_model(
    tokenizer: WhisperTokenizer, d_model: int = 192, encoder_layers: int = 4
) -> WhisperForConditionalGeneration:
    """A random model of at most 6 M parameters that takes windows of any length up to 30 s."""
    end, start = token_id(tokenizer, END), token_id(tokenizer, START)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=80,
        d_model=d_model,
        encoder_layers=encoder_layers,
        decoder_layers=2,
        encoder_attention_heads=d_model // 64,
        decoder_attention_heads=d_model // 64,
        encoder_ffn_dim=4 * d_model,
        decoder_ffn_dim=4 * d_model,
        max_source_positions=1500,
        max_target_positions=448,
        dropout=0.0,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = WhisperForConditionalGeneration(config)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters > MAX_PARAMETERS:
        raise ValueError(f"{parameters} parameters, the bundled model may have {MAX_PARAMETERS}")
    model.generation_config = generation_config(tokenizer)
    return allow_short_windows(model)


def generation_config(tokenizer: WhisperTokenizer) -> GenerationConfig:
    """Whisper's own keys, complete; `alignment_heads` is filled in after training."""
    ids = {token: token_id(tokenizer, token) for token in SPECIAL_TOKENS}
    return GenerationConfig(
        decoder_start_token_id=ids[START],
        bos_token_id=ids[END],
        eos_token_id=ids[END],
        pad_token_id=ids[END],
        lang_to_id={token: ids[token] for token in LANGUAGE_TOKENS},
        task_to_id={"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"],
        prev_sot_token_id=ids["<|startofprev|>"],
        is_multilingual=True,
        language="zh",
        task="transcribe",
        return_timestamps=False,
        max_length=448,
        max_initial_timestamp_index=50,
        # Everything special but the end; an empty transcript is legitimate, so nothing at the start.
        suppress_tokens=[ids[token] for token in SPECIAL_TOKENS if token != END],
        begin_suppress_tokens=[],
        alignment_heads=[[1, 0], [1, 1], [1, 2]],
    )
