"""`manage.py ingest PATH... --site slug`: files and folders of recordings, one line each."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from accounts.models import Site
from annotation.services.recordings import recording_ingest
from base.errors import Conflict, DomainError


class Command(BaseCommand):
    help = "Takes in sound files and folders of them. A file that is refused does not stop the others."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--site", required=True, help="slug of the site")
        parser.add_argument("--speaker", default="", help="who speaks, for all of these files")
        parser.add_argument("--department", default="", help="where it was spoken, for all of these files")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(slug=options["site"]).first()
        if site is None:
            known = ", ".join(Site.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no site {options['site']!r}. Sites: {known}.")
        taken = refused = 0
        for path in _files(options["paths"]):
            line, is_taken = self._ingest(path, site, options["speaker"], options["department"])
            (self.stdout if is_taken else self.stderr).write(f"{path}: {line}")
            taken, refused = taken + is_taken, refused + (not is_taken)
        self.stdout.write(f"{taken} taken in, {refused} refused")
        if refused or not taken:
            raise CommandError("Not everything was taken in." if refused else "No file was found.")

    def _ingest(self, path: Path, site: Site, speaker: str, department: str) -> tuple[str, bool]:
        """-> (what became of it, whether it was taken in)."""
        try:
            recording = recording_ingest(
                site=site, path=path, filename=path.name, speaker=speaker, department=department
            )
        except Conflict as error:
            return f"{error.message} ({error.detail['first']})", False
        except DomainError as error:
            return error.message, False
        except OSError as error:
            return error.strerror or str(error), False
        return str(recording.uuid), True


def _files(paths: list[Path]) -> Iterator[Path]:
    """Files as named, folders with all that is in them; hidden files are nobody's recordings."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(found for found in path.rglob("*") if found.is_file())
        yield from (found for found in inside if not found.name.startswith("."))
