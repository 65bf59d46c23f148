"""Snapshots never change and never hold what models are measured on."""

import pytest

from accounts.models import Role
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from base.storage import data_path, sha256_of
from speech import manifest
from tests.factories import make_cast, make_label, make_recording, make_segment, make_site, make_user
from tests.training.rows import make_approved, make_set
from training.models import DatasetSnapshot
from training.services.datasets import evaluation_set_freeze, snapshot_build

pytestmark = pytest.mark.django_db


def rows_of(snapshot):
    return manifest.read(data_path(snapshot.manifest_path))


def test_a_snapshot_holds_the_approved_labels_by_their_hash():
    site = make_site()
    recording = make_recording(site, audio=True, speaker="dr lin")
    segment = make_segment(recording, 200, 1700)
    make_label(segment, "舊的版本")
    make_label(segment, "新的版本")
    snapshot = snapshot_build(user=None, site=site)
    (row,) = rows_of(snapshot)
    assert (row.text, row.start_ms, row.end_ms, row.speaker) == ("新的版本", 200, 1700, "dr lin")
    assert row.audio_path == recording.audio_path
    assert (snapshot.utterances, snapshot.duration_ms) == (1, 1500)
    assert sha256_of(data_path(snapshot.manifest_path)) == snapshot.sha256


def test_the_same_content_is_the_same_snapshot():
    site = make_site()
    make_approved(site)
    first = snapshot_build(user=None, site=site)
    assert snapshot_build(user=None, site=site) == first
    make_approved(site)
    later = snapshot_build(user=None, site=site)
    assert later != first and len(rows_of(first)) == 1 and len(rows_of(later)) == 2


def test_what_evaluation_sets_hold_is_left_out_and_counted():
    site = make_site()
    frozen = make_set(texts=("血壓一百四十",))
    speaker = rows_of(frozen)[0].speaker
    make_approved(site, "血壓,一百四十!")  # another spelling of the same sentence
    make_approved(site, "別的句子", speaker=speaker)
    make_approved(site, "可以學的句子")
    snapshot = snapshot_build(user=None, site=site)
    assert [row.text for row in rows_of(snapshot)] == ["可以學的句子"]
    assert snapshot.excluded == {"text_in_evaluation_set": 1, "speaker_in_evaluation_set": 1}


def test_an_inactive_set_frees_its_sentences():
    site = make_site()
    frozen = make_set(texts=("血壓一百四十",))
    make_approved(site, "血壓一百四十")
    frozen.active = False
    frozen.save()
    assert snapshot_build(user=None, site=site).utterances == 1


def test_an_empty_snapshot_is_refused_with_a_sentence():
    site = make_site()
    with pytest.raises(DomainError, match="no approved label"):
        snapshot_build(user=None, site=site)
    make_approved(site, "。")
    with pytest.raises(DomainError, match="None of the 1"):
        snapshot_build(user=None, site=site)
    assert not DatasetSnapshot.objects.exists()


def test_speakers_nobody_named_are_not_taken_for_one_another():
    site = make_site()
    make_approved(site)
    make_approved(site)
    assert len({row.speaker for row in rows_of(snapshot_build(user=None, site=site))}) == 2


def test_engineers_and_site_administrators_build_at_their_own_site_only():
    cast = make_cast()
    make_approved(cast.site)
    administrator = make_user(Role.SITE_ADMIN, site=cast.site)
    for user in (cast.engineer, administrator):
        snapshot_build(user=user, site=cast.site)
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider):
        with pytest.raises(Forbidden):
            snapshot_build(user=user, site=cast.site)
    with pytest.raises(Forbidden, match="every site"):
        snapshot_build(user=cast.engineer)
    entry = Entry.objects.get(verb="snapshot_built")
    assert entry.actor == cast.engineer and entry.site == cast.site


def test_a_frozen_set_keeps_its_own_copy_of_the_sound(tmp_path):
    (tmp_path / "a.flac").write_bytes(b"sound")
    rows = [manifest.Utterance("a.flac", 0, 1000, "句子", "s", "a")]
    frozen = evaluation_set_freeze(name="m", kind="medical", utterances=rows, root=tmp_path)
    assert evaluation_set_freeze(name="m", kind="medical", utterances=rows, root=tmp_path) == frozen
    (tmp_path / "a.flac").unlink()
    assert data_path(rows_of(frozen)[0].audio_path).read_bytes() == b"sound"


def test_a_frozen_set_is_never_changed(tmp_path):
    (tmp_path / "a.flac").write_bytes(b"sound")
    row = manifest.Utterance("a.flac", 0, 1000, "句子", "s", "a")
    evaluation_set_freeze(name="m", kind="medical", utterances=[row], root=tmp_path)
    other = manifest.Utterance("a.flac", 0, 1000, "改了的句子", "s", "a")
    with pytest.raises(Conflict, match="another name"):
        evaluation_set_freeze(name="m", kind="medical", utterances=[other], root=tmp_path)
