"""`manage.py canary start|report|promote|roll-back`: a model is tried on a share of the live sessions."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management import BaseCommand, CommandError

from accounts.models import Site
from base.errors import DomainError
from inference.selectors.canaries import canary_arms
from training.models import Evaluation, SpeechModel
from training.selectors.evaluations import medical_evaluations
from training.services.canaries import canary_promote, canary_roll_back, canary_running, canary_start


class Command(BaseCommand):
    help = "Tries a model on a share of the new live sessions; puts it beside what is live; ends the trial."

    def add_arguments(self, parser: ArgumentParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        for name in ("start", "report", "promote", "roll-back"):
            one = does.add_parser(name)
            one.add_argument("--site", default="", help="slug; empty: the default of every site")
            if name == "start":
                one.add_argument("model", help="name or uuid of the registry")
                one.add_argument("--share", type=float, default=0.1)
            if name in ("start", "promote"):
                one.add_argument("--override", default="", help="a reason, where the gate says no")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _do(self, options: dict[str, Any]) -> None:
        site = _site(options["site"])
        if options["does"] == "start":
            model = _model(options["model"])
            started = canary_start(
                user=None,
                model=model,
                evaluation=_proof(model),
                share=options["share"],
                site=site,
                override=options["override"],
            )
            self.stdout.write(f"{started}: {started.uuid}")
            return
        canary = canary_running(site)
        if options["does"] == "promote":
            canary_promote(user=None, canary=canary, override=options["override"])
            self.stdout.write(f"{canary.model} is live.")
        elif options["does"] == "roll-back":
            canary_roll_back(user=None, canary=canary)
            self.stdout.write(f"{canary.model} hears no new session.")
        else:
            challenger, live = (asdict(arm) for arm in canary_arms(canary))
            self.stdout.write(f"{'':14}{'challenger':>12}{'live':>12}")
            for name, value in challenger.items():
                self.stdout.write(f"{name:14}{_shown(value):>12}{_shown(live[name]):>12}")


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _site(slug: str) -> Site | None:
    if not slug:
        return None
    site = Site.objects.filter(slug=slug).first()
    if site is None:
        raise CommandError(f"There is no site {slug!r}.")
    return site


def _model(named: str) -> SpeechModel:
    try:
        found = SpeechModel.objects.filter(uuid=UUID(named)).first()
    except ValueError:
        found = SpeechModel.objects.filter(name=named).first()
    if found is None:
        raise CommandError(f"There is no model {named!r} in the registry.")
    return found


def _proof(model: SpeechModel) -> Evaluation:
    proof = next(iter(medical_evaluations(model)), None)
    if proof is None:
        raise CommandError(f"{model} has not been scored on a medical evaluation set.")
    return proof
