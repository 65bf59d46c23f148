"""A dataset snapshot: what is in it, what was left out, and how augmentation makes an utterance sound."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from annotation.views.media import ranged
from base.errors import DomainError
from speech.audio import wav_bytes
from training.forms import HEARD_SEED, HearForm
from training.selectors.access import runs_for_user
from training.selectors.copies import COPY, heard_as, names_in_copy, recipe_of, samples_of, sound_of
from training.selectors.snapshots import facts_of, utterance_of, utterances_of
from training.views.loading import snapshot_of

PAGE_SIZE = 20


@require_safe
def snapshot_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`?from=`: the number of the first utterance shown."""
    snapshot = snapshot_of(request.user, uuid)
    wanted = request.GET.get("from", "")
    first = min(max(1, int(wanted)), snapshot.utterances) if wanted.isdecimal() else 1
    rows = utterances_of(snapshot, first, PAGE_SIZE)
    context = {
        "snapshot": snapshot,
        "facts": facts_of(snapshot),
        "rows": rows,
        "previous": max(1, first - PAGE_SIZE) if first > 1 else None,
        "next": first + PAGE_SIZE if first + PAGE_SIZE <= snapshot.utterances else None,
        "runs": runs_for_user(request.user).filter(snapshot=snapshot),
    }
    return render(request, "training/snapshot_detail.html", context)


@require_safe
def utterance_copies(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    snapshot = snapshot_of(request.user, uuid)
    utterance = utterance_of(snapshot, number)
    form = HearForm(request.GET)
    context = {"snapshot": snapshot, "number": number, "utterance": utterance, "form": form}
    if form.is_valid():
        try:
            recipe, seed = recipe_of(form.knobs()), _seed(form)
            context |= {
                "seed": seed,
                "rows": heard_as(samples_of(utterance), recipe, seed),
                "in_copy": names_in_copy(recipe, seed),
                "copy": COPY,
            }
        except DomainError as error:
            form.add_error(None, error.message)
    return render(request, "training/utterance_copies.html", context)


@require_safe
@cache_control(private=True, max_age=600)  # "private": no proxy may keep a patient's voice
def utterance_sound(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    utterance = utterance_of(snapshot_of(request.user, uuid), number)
    form = HearForm(request.GET)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise DomainError("bad_config", f"{form[field].label}: {errors[0]}")
    name = request.GET.get("perturbation", "")
    samples = sound_of(samples_of(utterance), name, recipe_of(form.knobs()), _seed(form))
    return ranged(request, wav_bytes(samples), "audio/wav")


def _seed(form: HearForm) -> int:
    seed = form.cleaned_data["seed"]
    return HEARD_SEED if seed is None else seed
