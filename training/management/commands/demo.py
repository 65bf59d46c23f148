"""`manage.py demo`: prepares the database, builds the demo hospital once, prints where to go."""

import os
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser, call_command

from training.demo.build import demo_build, demo_exists
from training.demo.cast import PASSWORD, PEOPLE
from training.demo.script import SMALL, Sizes


class Command(BaseCommand):
    help = "Prepares the database and builds the demo hospital if it is not there yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--small", action="store_true", help="a tenth of it, for tests")

    def handle(self, *args: Any, **options: Any) -> None:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0)
        if not demo_exists():
            self.stdout.write("Building the demo hospital (about a minute, once) ...")
            demo_build(sizes=SMALL if options["small"] else Sizes(), say=self.stdout.write)
        names = ", ".join(person.username for person in PEOPLE)
        self.stdout.write(
            f"\n  Auscult   http://127.0.0.1:{os.environ.get('PORT', '8800')}/\n"
            f"  log in    {names} (admin for everything)\n"
            f"  password  {PASSWORD}\n"
            "  stop      Ctrl-C\n"
        )
