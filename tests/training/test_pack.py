"""Short utterances of one speaker, joined to long ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech import manifest
from speech.manifest import Utterance
from tests.training.test_train import prepared
from tests.training.tiny import make_utterances
from training.pipeline import train
from training.pipeline.features import FeatureStore
from training.pipeline.pack import PAUSE_MS, groups, pack
from training.pipeline.processes import StopFlag, World

utterances = st.lists(
    st.tuples(st.integers(300, 30_000), st.sampled_from("ab"), st.sampled_from(["", "replay"]))
)


@given(utterances)
def test_every_utterance_is_in_one_group_of_its_speaker_that_fits(rows):
    given_ = [
        Utterance("x.flac", 0, ms, "病人", speaker, str(i), source=source)
        for i, (ms, speaker, source) in enumerate(rows)
    ]
    found = list(groups(given_, 28_000, lambda text: len(text) <= 20))
    assert sorted(one.id for group in found for one in group) == sorted(one.id for one in given_)
    for group in found:
        assert len({(one.speaker, one.source) for one in group}) == 1
        length = sum(one.duration_ms for one in group) + PAUSE_MS * (len(group) - 1)
        assert len(group) == 1 or (length <= 28_000 and 2 * len(group) <= 20)


def test_the_joined_sound_is_as_long_as_its_parts_and_says_what_they_say(tmp_path):
    rows = make_utterances(tmp_path, 8, speakers=2)
    packed = pack(rows, tmp_path, tmp_path / "packed", 9.0, lambda text: True)
    assert len(packed) < len(rows)
    assert {one.speaker for one in packed} == {"s0", "s1"}
    for one in packed:
        assert len(manifest.load_audio(one, tmp_path)) == one.duration_ms * 16 <= 9000 * 16
    first = [row for row in rows if row.speaker == "s0"]
    assert packed[0].text.startswith(first[0].text) and first[1].text in packed[0].text


@pytest.mark.parametrize("pack_s", [4.0, 9.0])
def test_a_run_on_packed_speech_has_fewer_cuts_and_trains(tmp_path, tiny_base, pack_s):
    run = prepared(tmp_path, tiny_base, pack=True, pack_s=pack_s, augment=False)
    cuts = FeatureStore(run.path / "prepare", "train").cuts
    plain = FeatureStore(
        prepared(tmp_path / "plain", tiny_base, augment=False).path / "prepare", "train"
    ).cuts
    assert len(cuts) < len(plain)
    assert max(cut.frames for cut in cuts) <= 100 * pack_s + 2
    assert train.run(run, World(), StopFlag())["padding_ratio"] < 0.9
