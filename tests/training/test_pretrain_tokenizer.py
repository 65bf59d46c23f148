"""The bundled tokenizer: Whisper's layout, one piece a hanzi, nothing unwritable."""

import random

import pytest

from speech.grammar import DEMO_LEXICON, clinical_sentence
from training.pretrain.text import training_sentence
from training.pretrain.tokenizer import END, START, PieceEncoder, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    rng = random.Random(0)
    return train_tokenizer(training_sentence(rng, 60) for _ in range(4000))


def pieces(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False).input_ids


def test_each_hanzi_is_one_piece(tokenizer):
    assert len(pieces(tokenizer, "病人今天早上有發燒")) == 9


def test_any_text_comes_back(tokenizer):
    rng = random.Random(1)
    texts = ["龘 Ünïcode 🙂 3.5 mg", *(clinical_sentence(rng, DEMO_LEXICON) for _ in range(200))]
    for text in texts:
        assert tokenizer.decode(pieces(tokenizer, text), skip_special_tokens=True) == text


def test_special_tokens_stand_in_whispers_order(tokenizer):
    ids = tokenizer.convert_tokens_to_ids
    text_size = ids(END)
    assert max(pieces(tokenizer, "病人 Metformin")) < text_size
    assert ids(START) == text_size + 1
    assert ids("<|en|>") == text_size + 2
    assert ids("<|zh|>") == text_size + 3
    assert ids("<|0.00|>") == ids("<|notimestamps|>") + 1
    assert ids("<|30.00|>") == len(tokenizer) - 1


def test_the_prefix_asks_for_chinese_without_timestamps(tokenizer):
    prefix = tokenizer.convert_ids_to_tokens(tokenizer("病").input_ids)
    assert prefix[:4] == [START, "<|zh|>", "<|transcribe|>", "<|notimestamps|>"]
    assert prefix[-1] == END


def test_word_by_word_gives_the_pieces_of_the_whole(tokenizer):
    encoder = PieceEncoder(tokenizer)
    words = ["他", "有", " sign", " DNR", " 了", "對"]
    assert [i for word in words for i in encoder.encode(word)] == pieces(tokenizer, "".join(words))


def test_dropout_spells_latin_words_in_other_ways_and_hanzi_never(tokenizer):
    encoder = PieceEncoder(tokenizer, dropout=0.5)
    ways = {tuple(encoder.encode(" Metformin")) for _ in range(30)}
    assert len(ways) > 3
    assert {tokenizer.decode(list(way)) for way in ways} == {" Metformin"}
    assert len({tuple(encoder.encode("病")) for _ in range(30)}) == 1
