"""Labels, features, split: what the model is shown, and what it is never shown."""

import numpy as np
import pytest
import torch
from transformers import AutoProcessor

from speech.manifest import Utterance
from tests.training.tiny import make_run
from training.pipeline import normalize, prepare
from training.pipeline.config import ConfigError
from training.pipeline.features import IGNORED, FeatureStore
from training.pipeline.folder import read_json


def one(id="u", speaker="s", text="病人服用藥物", duration_ms=3000):
    return Utterance(f"{id}.flac", 0, duration_ms, text, speaker, id)


def prepared(tmp_path, tiny_base, **overrides):
    run = make_run(tmp_path, tiny_base, **overrides)
    run.mark_done("normalize", normalize.run(run))
    return run, prepare.run(run)


def test_labels_that_teach_nothing_are_left_out_and_counted(tmp_path, tiny_base):
    config = make_run(tmp_path, tiny_base).config
    kept, dropped = normalize.clean(
        [
            one("good", text="血壓 Ａ  偏高"),
            one("blank", text=" \u3000 "),
            one("blip", duration_ms=100),
            one("hour", duration_ms=40_000),
            one("dense", text="字" * 100),
        ],
        config,
    )
    assert [(row.id, row.text) for row in kept] == [("good", "血壓 A 偏高")]
    assert dropped == {"no_text": 1, "too_short": 1, "too_long": 1, "more_text_than_time": 1}


def test_the_decoder_is_fed_the_prompt_and_learns_text_and_one_end_token(tmp_path, tiny_base):
    run, _ = prepared(tmp_path, tiny_base)
    store = FeatureStore(run.path / "prepare", "train")
    tokenizer = AutoProcessor.from_pretrained(tiny_base).tokenizer
    batch = store.batch([store.frames_of(0), store.frames_of(7)], [0, 7], 250)
    prompt = ["<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>"]
    assert batch.decoder_ids[0, :4].tolist() == tokenizer.convert_tokens_to_ids(prompt)
    assert (batch.targets[:, :3] == IGNORED).all()
    for row, index in enumerate((0, 7)):
        learned = [id for id in batch.targets[row].tolist() if id != IGNORED]
        assert learned.count(tokenizer.eos_token_id) == 1 and learned[-1] == tokenizer.eos_token_id
        assert tuple(learned) == store.cuts[index].ids
    assert tokenizer.decode(store.cuts[0].ids[:-1]) == "病人服用 Metformin"


def test_padding_is_what_the_extractor_makes_of_silence(tmp_path, tiny_base):
    run, _ = prepared(tmp_path, tiny_base)
    store = FeatureStore(run.path / "prepare", "train")
    extractor = AutoProcessor.from_pretrained(tiny_base).feature_extractor
    from speech.audio import read_flac

    samples = read_flac(run.data_root / f"{store.cuts[0].id}.flac")
    padded = extractor(samples, sampling_rate=16_000, return_tensors="np").input_features[0]
    ours = store.batch([store.frames_of(0)], [0], 1000).features[0].numpy()
    # The frames that straddle the end see half a window of silence; all others agree to fp16.
    edge = store.cuts[0].frames
    away = np.r_[0 : edge - 3, edge + 3 : 1000]
    assert np.abs(ours[:, away] - padded[:, away]).max() < 2e-3


def test_dev_is_made_of_whole_speakers_and_shares_no_sentence_with_train():
    utterances = [one(f"{s}-{i}", f"s{s}", f"句子 {i if s else i + 5}") for s in range(20) for i in range(6)]
    train, dev = prepare.split(utterances, 0.05, seed=1)
    assert dev
    assert not {row.speaker for row in train} & {row.speaker for row in dev}
    assert not {row.text for row in train} & {row.text for row in dev}


def test_no_dev_is_taken_when_it_would_cost_a_sixth_of_the_data():
    train, dev = prepare.split([one(f"{i}", f"s{i % 6}") for i in range(60)], 0.05, seed=1)
    assert len(train) == 60 and not dev


def test_a_label_longer_than_the_decoder_is_left_out(tmp_path, tiny_base):
    _, result = prepared(tmp_path, tiny_base)
    assert result["label_too_long"] == 0
    from speech import manifest

    run = make_run(tmp_path, tiny_base, max_chars_per_s=500.0)
    long = [one("u0", text="一二三四五六七八九十" * 10), one("u1", text="血壓", duration_ms=900)]
    manifest.write(run.path / "normalize" / "train.jsonl", long)
    assert prepare.run(run)["label_too_long"] == 1


def test_augmented_copies_differ_and_replay_has_them_too(tmp_path, tiny_base):
    run, result = prepared(tmp_path, tiny_base, augment_copies=1)
    cuts = FeatureStore(run.path / "prepare", "train").cuts
    assert result["train_cuts"] == (8 + 4) * 2 == len(cuts)
    assert {cut.copy for cut in cuts if cut.replay} == {0, 1}
    by_copy = {(cut.id, cut.copy): cut for cut in cuts}
    names = [cut.id for cut in cuts if not cut.copy]
    assert [by_copy[name, 0].frames for name in names] != [by_copy[name, 1].frames for name in names]
    assert by_copy["u3", 0].ids == by_copy["u3", 1].ids


def test_features_are_kept_in_half_precision(tmp_path, tiny_base):
    run, result = prepared(tmp_path, tiny_base)
    assert (run.path / "prepare/train.f16").stat().st_size == result["frames"] * 80 * 2
    assert read_json(run.path / "prepare/train.json")["full_frames"] == 1000
    store = FeatureStore(run.path / "prepare", "train")
    assert torch.isfinite(store.batch([store.frames_of(0)], [0], 80).features).all()


def test_copies_are_the_same_each_time_and_differ_from_epoch_to_epoch(tmp_path, tiny_base):
    once, again = (
        FeatureStore(prepared(tmp_path / name, tiny_base, augment_copies=2)[0].path / "prepare", "train")
        for name in ("once", "again")
    )
    assert [cut.copy for cut in once.cuts[:3]] == [0, 1, 2]
    for index, cut in enumerate(once.cuts):
        assert np.array_equal(once.frames_of(index), again.frames_of(index))
        if cut.copy == 2:
            one, other = once.frames_of(index), once.frames_of(index - 1)
            assert one.shape != other.shape or not np.array_equal(one, other)


def test_a_folder_of_noise_that_is_not_there_stops_the_run_with_its_name(tmp_path, tiny_base):
    with pytest.raises(ConfigError, match="noise_folder names wards"):
        prepared(tmp_path, tiny_base, noise_folder="wards")
