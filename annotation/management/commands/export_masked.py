"""`manage.py export_masked --site slug --out file.zip`: what is corrected at a site, masked."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from accounts.models import Site
from annotation.services.exports import site_export
from base.errors import DomainError
from base.storage import written_whole


class Command(BaseCommand):
    help = "Writes what is corrected at a site to a zip, without what tells who a patient is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", required=True, help="slug of the site")
        parser.add_argument("--out", required=True, type=Path, help="the zip to write")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(slug=options["site"]).first()
        if site is None:
            known = ", ".join(Site.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no site {options['site']!r}. Sites: {known}.")
        try:
            with written_whole(options["out"].resolve()) as target:
                counts = site_export(user=None, site=site, target=target)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{counts.segments} segments of {counts.recordings} recordings, {counts.marks} marks masked, "
            f"{counts.beeped_whole} segments beeped whole"
        )
