"""What leaves the house: corrected text masked, marked words beeped, everything else silent."""

import io
import json
import zipfile

import numpy as np
import pytest
import soundfile
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.services.labels import draft_save, label_submit
from audit.models import Entry
from base.errors import DomainError
from tests.factories import make_label, make_recording, make_segment
from training.services.datasets import snapshot_build

pytestmark = pytest.mark.django_db

NOISE = np.random.default_rng(5).uniform(-0.5, 0.5, 16_000 * 4).astype(np.float32)
NAME = [{"start": 2, "end": 5, "kind": "name"}]


@pytest.fixture
def recording(cast):
    return make_recording(
        cast.site, samples=NOISE, title="王小明.wav", speaker="Lindqvist", uploaded_by=cast.reviewer
    )


def opened(response_or_path):
    """-> (names, lines of the manifest, samples of the first recording)."""
    source = (
        io.BytesIO(b"".join(response_or_path.streaming_content))
        if hasattr(response_or_path, "streaming_content")
        else response_or_path
    )
    with zipfile.ZipFile(source) as archive:
        lines = [json.loads(line) for line in archive.read("manifest.jsonl").decode().splitlines()]
        samples, _ = soundfile.read(io.BytesIO(archive.read("audio/00001.flac")), dtype="float32")
        return archive.namelist(), lines, samples


def rms(samples, start_ms, end_ms):
    return float(np.sqrt(np.mean(samples[start_ms * 16 : end_ms * 16] ** 2)))


def export(client, user, recording):
    client.force_login(user)
    return client.post(reverse("recording_export", args=[recording.uuid]))


def test_a_marked_name_is_beeped_and_masked_and_the_rest_is_silent(client, cast, recording):
    named = make_segment(recording, 0, 1800, text="病人王小明血壓偏高")
    make_label(named, "病人王小明血壓偏高", phi=NAME)
    make_segment(recording, 2000, 3000, text="沒有人聽過這一句")
    names, lines, samples = opened(export(client, cast.reviewer, recording))
    assert names == ["audio/00001.flac", "manifest.jsonl"]
    assert lines == [
        {"audio_filepath": "audio/00001.flac", "offset": 0.0, "duration": 1.8, "text": "病人[NAME]血壓偏高"}
    ]
    # 400 to 1000 ms with 150 ms of padding: the tone's level, a quarter of the noise's.
    assert rms(samples, 250, 1150) == pytest.approx(0.0707, abs=0.002)
    assert rms(samples, 0, 250) > 0.25
    assert rms(samples, 1150, 1800) > 0.25
    assert rms(samples, 1800, 4000) == 0
    assert len(samples) == len(NOISE)
    entry = Entry.objects.get(verb="recording_exported")
    assert (entry.actor, entry.detail["marks"], entry.detail["segments"]) == (cast.reviewer, 1, 1)


def test_nothing_in_the_archive_names_anybody(client, cast, recording):
    make_label(make_segment(recording, 0, 1800, text="病人王小明血壓偏高"), "病人王小明血壓偏高", phi=NAME)
    response = export(client, cast.reviewer, recording)
    body = b"".join(response.streaming_content)
    for secret in (
        "王小明",
        "Lindqvist",
        cast.reviewer.username,
        str(recording.uuid),
        recording.original_sha256,
    ):
        assert secret.encode() not in body
    assert "王" not in response["Content-Disposition"]


def test_a_name_that_was_not_marked_everywhere_is_masked_everywhere(client, cast, recording):
    make_label(make_segment(recording, 0, 1800, text="病人王小明血壓偏高"), "病人王小明血壓偏高", phi=NAME)
    make_label(make_segment(recording, 2000, 3000, text="王小明出院"), "王小明出院")
    _, lines, samples = opened(export(client, cast.reviewer, recording))
    assert lines[1]["text"] == "[NAME]出院"
    assert rms(samples, 2000, 2600) < 0.1


def test_a_mark_whose_time_is_not_known_beeps_its_whole_segment(client, cast, recording):
    make_label(make_segment(recording, 0, 1800, text=""), "病人王小明血壓偏高", phi=NAME)
    _, lines, samples = opened(export(client, cast.reviewer, recording))
    assert lines[0]["text"] == "病人[NAME]血壓偏高"
    assert rms(samples, 0, 1800) == pytest.approx(0.0707, abs=0.002)
    assert Entry.objects.get(verb="recording_exported").detail["beeped_whole"] == 1


def test_a_version_that_a_newer_one_has_replaced_does_not_go_out(client, cast, recording):
    segment = make_segment(recording, 0, 1800, text="病人王小明血壓偏高")
    make_label(segment, "病人王小明血壓偏高")
    make_label(segment, "病人王小明血壓偏高", phi=NAME, status="submitted")
    with pytest.raises(DomainError, match="Nothing here is corrected"):
        raise_for(export(client, cast.reviewer, recording))


def raise_for(response):
    if response.status_code != 200:
        raise DomainError("refused", response.text)


def test_who_may_export(client, cast, recording):
    make_label(make_segment(recording, 0, 1800, text="血壓偏高"), "血壓偏高")
    assert export(client, cast.reviewer, recording).status_code == 200
    assert export(client, cast.engineer, recording).status_code == 200
    assert export(client, cast.annotator, recording).status_code == 403
    assert export(client, cast.outsider, recording).status_code == 404
    assert Entry.objects.filter(verb="recording_exported").count() == 2


def test_a_site_is_exported_from_the_command_line(cast, recording, tmp_path, capsys):
    make_label(make_segment(recording, 0, 1800, text="病人王小明血壓偏高"), "病人王小明血壓偏高", phi=NAME)
    other = make_recording(cast.site, samples=NOISE)
    make_label(make_segment(other, 0, 1000, text="血壓偏高"), "血壓偏高")
    target = tmp_path / "out.zip"
    call_command("export_masked", "--site", cast.site.slug, "--out", str(target))
    names, lines, _ = opened(target)
    assert names == ["audio/00001.flac", "audio/00002.flac", "manifest.jsonl"]
    assert [line["text"] for line in lines] == ["病人[NAME]血壓偏高", "血壓偏高"]
    assert "2 segments of 2 recordings, 1 marks masked" in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is no site"):
        call_command("export_masked", "--site", "nowhere", "--out", str(target))


def test_marks_are_kept_with_the_draft_and_move_when_the_text_is_tidied(cast):
    segment = make_segment(make_recording(cast.site), text="病人王小明")
    at = [{"start": 4, "end": 7, "kind": "name"}]
    values = {"user": cast.annotator, "segment": segment, "active_edit_ms": 0, "phi": at}
    assert draft_save(text="  病人王小明", base_version=0, **values).phi == at
    label = label_submit(text="  病人王小明", version=0, **values)
    assert (label.text, label.phi) == ("病人王小明", NAME)


def test_marks_that_do_not_fit_the_text_are_refused(cast):
    segment = make_segment(make_recording(cast.site), text="病人")
    with pytest.raises(DomainError) as refused:
        label_submit(user=cast.annotator, segment=segment, text="病人", version=0, active_edit_ms=0, phi=NAME)
    assert refused.value.code == "bad_phi"


def test_the_next_person_finds_the_marks_where_they_are(client, cast, recording):
    segment = make_segment(recording, 0, 1800, text="病人王小明血壓偏高")
    make_label(segment, "病人王小明血壓偏高", phi=NAME)
    client.force_login(cast.annotator)
    page = client.get(reverse("correct_segment", args=[segment.uuid])).context["page"]
    assert page["phi"]["spans"] == NAME


def test_who_knows_nothing_of_marks_takes_none_off(client, cast, recording):
    segment = make_segment(recording, 0, 1800, text="病人王小明血壓偏高")
    make_label(segment, "病人王小明血壓偏高", phi=NAME)
    values = {"user": cast.annotator, "segment": segment, "active_edit_ms": 0}
    kept = label_submit(text="這病人王小明血壓偏高", version=1, **values)
    assert kept.phi == [{"start": 3, "end": 6, "kind": "name"}]
    client.force_login(cast.annotator)
    body = {"text": kept.text, "version": 2, "active_edit_ms": 0, "phi": []}
    address = reverse("segment_submit", args=[segment.uuid])
    assert client.post(address, body, content_type="application/json").status_code == 200
    assert segment.labels.order_by("-version").first().phi == []


def test_training_leaves_out_what_is_marked_and_says_so(cast, recording):
    marked, plain = make_segment(recording, 0, 1800), make_segment(recording, 2000, 3000)
    make_label(marked, "病人王小明血壓偏高")
    make_label(marked, "病人王小明血壓偏高", phi=NAME, status="submitted")
    make_label(plain, "血壓偏高")
    snapshot = snapshot_build(user=None)
    assert (snapshot.utterances, snapshot.excluded) == (1, {"tells_who_it_is": 1})
