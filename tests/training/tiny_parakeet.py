"""Tiny random Parakeets, CTC and TDT, with a tokenizer of their own: made in a second, used as any base."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    ParakeetCTCConfig,
    ParakeetFeatureExtractor,
    ParakeetForCTC,
    ParakeetForTDT,
    ParakeetProcessor,
    ParakeetTDTConfig,
    ParakeetTokenizer,
)

from tests.training.tiny import SENTENCES

BLANK, PAD, UNKNOWN = "<blank>", "<pad>", "<unk>"
ENCODER = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_kernel_size": 5,
    "subsampling_conv_channels": 8,
    "initializer_range": 0.2,  # at the usual 0.02 no adapter could move the logits of so small a model
    "dropout": 0.0,
    "activation_dropout": 0.0,
    "attention_dropout": 0.0,
    "layerdrop": 0.1,  # as the released checkpoints say: training must not follow it
}


def make_ctc(folder: Path, mels: int = 80, **encoder: object) -> Path:
    """As released: the padding token is the blank and the last of the vocabulary."""
    tokenizer = _tokenizer([UNKNOWN], [PAD])
    config = ParakeetCTCConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        encoder_config={**ENCODER, "num_mel_bins": mels, **encoder},
    )
    torch.manual_seed(0)
    return _save(folder, ParakeetForCTC(config), tokenizer, mels)


def make_tdt(folder: Path, mels: int = 128, **encoder: object) -> Path:
    """As released: padding among the first tokens, the blank the last; 128 mels."""
    tokenizer = _tokenizer([UNKNOWN, PAD], [BLANK])
    blank = tokenizer.convert_tokens_to_ids(BLANK)
    config = ParakeetTDTConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        blank_token_id=blank,
        decoder_hidden_size=16,
        num_decoder_layers=2,
        max_symbols_per_step=3,
        encoder_config={**ENCODER, "num_mel_bins": mels, **encoder},
    )
    torch.manual_seed(0)
    model = ParakeetForTDT(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=blank, bos_token_id=blank, pad_token_id=tokenizer.pad_token_id
    )
    return _save(folder, model, tokenizer, mels)


def _save(folder: Path, model: torch.nn.Module, tokenizer: ParakeetTokenizer, mels: int) -> Path:
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            # Statistics as of a trained model, so that normalising by the batch would be noticed.
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.3, 1.0)
    model.save_pretrained(folder)
    extractor = ParakeetFeatureExtractor(feature_size=mels)
    ParakeetProcessor(extractor, tokenizer, blank_token=BLANK).save_pretrained(folder)
    return folder


def _tokenizer(first: list[str], last: list[str]) -> ParakeetTokenizer:
    """SentencePiece's way: a token that begins a word begins with the mark of a space."""
    learner = Tokenizer(models.BPE(unk_token=UNKNOWN))
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    learner.decoder = decoders.Metaspace()
    learner.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=120, special_tokens=first, show_progress=False)
    )
    learner.add_special_tokens(last)
    return ParakeetTokenizer(tokenizer_object=learner, unk_token=UNKNOWN, pad_token=PAD)
