"""Training speech: fresh, labelled frame by frame, in windows of every kind."""

import random
from dataclasses import replace
from itertools import islice

import pytest
import torch

from speech.acoustics import Channel
from training.pretrain.batches import FRAME_SAMPLES, FULL_WINDOW_SAMPLES, IGNORED, BatchMaker
from training.pretrain.corpus import Corpus, Curriculum
from training.pretrain.text import training_sentence
from training.pretrain.tokenizer import train_tokenizer

SMALL = Curriculum(batch_rows=3, longest=((0, 48),), full_windows_from_step=0, full_window_share=0.0)


@pytest.fixture(scope="module")
def tokenizer():
    rng = random.Random(0)
    return train_tokenizer(training_sentence(rng, 60) for _ in range(2000))


@pytest.fixture(scope="module")
def maker(tokenizer):
    return BatchMaker(tokenizer)


def test_frame_labels_spell_the_sentence(tokenizer, maker):
    text = "今天早上 Metformin 有 sign DNR"
    batch = maker.batch([maker.utterance(random.Random(1), text, Channel())], 0, None)
    heard = [
        int(label) for label, before in zip(batch.frames[0], [None, *batch.frames[0]], strict=False)
        if before is None or label != before
    ]  # fmt: skip
    spoken = tokenizer.decode([label for label in heard if label != maker.end])
    assert spoken.replace(" ", "") == text.replace(" ", "")


def test_phonemes_are_labelled_where_there_is_speech(maker):
    batch = maker.batch([maker.utterance(random.Random(1), "今天早上", Channel())], 0, None)
    spoken = batch.frames[0] != maker.end
    assert (batch.phonemes[0][spoken] > 0).float().mean() > 0.7
    assert (batch.phonemes[0][~spoken] == 0).all()
    assert len(set(batch.phonemes[0].tolist())) > 6


def test_labels_are_the_inputs_one_step_on(maker):
    rng = random.Random(2)
    batch = maker.batch([maker.utterance(rng, "你好"), maker.utterance(rng, "今天早上去學校")], 0, None)
    for inputs, labels in zip(batch.inputs, batch.labels, strict=True):
        count = int((labels != IGNORED).sum())
        assert inputs[0] == maker.start
        assert torch.equal(inputs[1:count], labels[: count - 1])
        assert labels[count - 1] == maker.end
    assert batch.features.shape[-1] == 2 * batch.frames.shape[1]


def test_some_pieces_read_are_wrong_and_none_that_is_to_be_written(maker):
    one = maker.utterance(random.Random(2), "今天早上去學校然後下午去醫院看醫生", Channel())
    plain, mistaken = maker.batch([one] * 8, 0, None), maker.batch([one] * 8, 0, random.Random(1))
    share = (plain.inputs != mistaken.inputs)[:, 4:-1].float().mean()
    assert 0.02 < share < 0.2
    assert torch.equal(plain.inputs[:, :4], mistaken.inputs[:, :4])
    assert torch.equal(plain.labels, mistaken.labels)


def test_silence_is_no_speech_and_an_empty_text(maker):
    batch = maker.batch([maker.silence(random.Random(3))], 0, None)
    assert batch.labels[0].tolist() == [maker.nospeech, maker.transcribe, maker.untimed, maker.end]
    assert batch.inputs[0].tolist() == [maker.start, maker.zh, maker.transcribe, maker.untimed]
    assert set(batch.frames[0].tolist()) == {maker.end}


def test_the_window_may_be_thirty_seconds(maker):
    batch = maker.batch([maker.utterance(random.Random(4), "你好")], FULL_WINDOW_SAMPLES, None)
    assert batch.features.shape == (1, 80, 3000)
    assert batch.frames.shape == (1, FULL_WINDOW_SAMPLES // FRAME_SAMPLES)


def test_the_corpus_begins_short_and_goes_on_where_it_is_told(tokenizer):
    plan = replace(SMALL, longest=((0, 5), (1000, 48)))
    short = list(islice(Corpus(tokenizer, plan), 8))
    later = list(islice(Corpus(tokenizer, plan, start_step=1000), 8))
    assert max(b.labels.shape[1] for b in short) < max(b.labels.shape[1] for b in later)
    assert all(batch.rows <= 3 for batch in short + later)


def test_full_windows_come_when_asked(tokenizer):
    batches = islice(Corpus(tokenizer, replace(SMALL, full_window_share=1.0)), 2)
    assert [batch.features.shape[-1] for batch in batches] == [3000, 3000]
