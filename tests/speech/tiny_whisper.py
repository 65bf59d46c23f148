"""A Whisper of random parameters with a tokenizer of its own: for shapes, not for words."""

import json
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)
from transformers.utils.logging import disable_progress_bar

SENTENCES = [
    "病人目前服用 Metformin 500 mg 每日兩次",
    "血壓 140/90 mmHg",
    "blood pressure is high",
    "建議做檢查",
]
END = "<|endoftext|>"
SPECIAL = [
    END,
    "<|startoftranscript|>",
    "<|en|>",
    "<|zh|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
]
CHUNK_S = 10


def make_tokenizer() -> WhisperTokenizer:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet))
    written = json.loads(bpe.to_str())["model"]
    merges = [
        tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in written["merges"]
    ]
    tokenizer = WhisperTokenizer(
        vocab=written["vocab"], merges=merges, unk_token=END, bos_token=END, eos_token=END, pad_token=END
    )
    tokenizer.add_tokens(
        [AddedToken(t, special=True, normalized=False) for t in SPECIAL], special_tokens=True
    )
    # Timestamps come last, as every Whisper tool expects.
    stamps = [f"<|{i * 0.02:.2f}|>" for i in range(CHUNK_S * 50 + 1)]
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in stamps])
    return tokenizer


def save_tiny_whisper(folder: Path, mels: int = 80) -> Path:
    """A folder that `speech.backends.whisper.load` takes; windows of 10 s."""
    tokenizer = make_tokenizer()
    known = tokenizer.get_vocab()
    vocab_size = -(-len(tokenizer) // 8) * 8  # padded, as some checkpoints are
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=vocab_size,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=CHUNK_S * 50,
        max_target_positions=64,
        num_mel_bins=mels,
        pad_token_id=known[END],
        bos_token_id=known[END],
        eos_token_id=known[END],
        decoder_start_token_id=known["<|startoftranscript|>"],
        init_std=0.5,  # sharp enough that argmax is not a tie
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=config.decoder_start_token_id,
        bos_token_id=known[END],
        eos_token_id=known[END],
        pad_token_id=known[END],
        lang_to_id={t: known[t] for t in ("<|en|>", "<|zh|>")},
        task_to_id={"transcribe": known["<|transcribe|>"], "translate": known["<|translate|>"]},
        no_timestamps_token_id=known["<|notimestamps|>"],
        is_multilingual=True,
        max_length=64,
        suppress_tokens=[known["!"]],
        begin_suppress_tokens=[known[END]],
        alignment_heads=[[0, 1], [1, 0], [1, 1]],
    )
    extractor = WhisperFeatureExtractor(feature_size=mels, chunk_length=CHUNK_S)
    disable_progress_bar()
    model.save_pretrained(folder)
    WhisperProcessor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder
