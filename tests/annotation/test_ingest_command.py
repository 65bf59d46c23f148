"""`manage.py ingest`: one line for each file, the others go on, the exit code tells."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Recording
from tests.annotation.sounds import write_sound
from tests.factories import make_site, make_tone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("asked")]


def ingest(*arguments: object) -> tuple[str, str, str]:
    """-> stdout, stderr, what the command ended with ("" when well)."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ingest", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), ""


def test_files_and_folders_are_taken_in(tmp_path: Path) -> None:
    site = make_site()
    folder = tmp_path / "ward" / "monday"
    folder.mkdir(parents=True)
    write_sound(folder / "a.wav", make_tone(300))
    write_sound(folder / "b.flac", make_tone(400))
    (folder / ".DS_Store").write_bytes(b"x")
    single = write_sound(tmp_path / "c.wav", make_tone(500))
    out, err, failure = ingest(
        tmp_path / "ward", single, "--site", site.slug, "--speaker", "dr-lin", "--department", "ER"
    )
    assert (err, failure) == ("", "")
    assert out.splitlines()[-1] == "3 taken in, 0 refused"
    rows = Recording.objects.order_by("id").values_list("title", "speaker", "department")
    assert list(rows) == [(name, "dr-lin", "ER") for name in ("a.wav", "b.flac", "c.wav")]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    site = make_site()
    (tmp_path / "1-notes.txt").write_text("no sound " * 99)
    (tmp_path / "2-empty.wav").touch()
    good = write_sound(tmp_path / "3-good.wav")
    (tmp_path / "4-again.wav").write_bytes(good.read_bytes())
    out, err, failure = ingest(tmp_path, tmp_path / "missing.wav", "--site", site.slug)
    recording = Recording.objects.get()
    assert recording.title == "3-good.wav"
    assert str(recording.uuid) in out
    lines = err.splitlines()
    assert [line.split(":")[0].rsplit("/")[-1] for line in lines] == [
        "1-notes.txt",
        "2-empty.wav",
        "4-again.wav",
        "missing.wav",
    ]
    assert str(recording.uuid) in lines[2]
    assert "No such file" in lines[3]
    assert "1 taken in, 4 refused" in out
    assert failure


def test_an_unknown_site_is_told_with_the_ones_there_are(tmp_path: Path) -> None:
    make_site(slug="taipei")
    _, _, failure = ingest(tmp_path, "--site", "tapei")
    assert "tapei" in failure and "taipei" in failure


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    assert ingest(tmp_path, "--site", make_site().slug)[2]
