"""A challenger is tried on a share of the live sessions, and back by one call."""

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from tests.factories import make_cast, make_live_model, make_model, make_site, make_user
from tests.training.test_promotions import Scene
from training.models import Canary, CanaryStatus
from training.selectors import live_model, model_for_session, served_as
from training.selectors.gate import gate_verdict
from training.services import canaries
from training.services.canaries import canary_promote, canary_roll_back, canary_start

pytestmark = pytest.mark.django_db


def start(scene: Scene, **values):
    return canary_start(
        **{"user": None, "model": scene.challenger, "evaluation": scene.proof, "share": 0.25, **values}
    )


def test_a_share_of_the_sessions_is_heard_by_the_challenger():
    scene, site = Scene(), make_site()
    start(scene, share=0.25)
    sessions = [UUID(int=number * 7919) for number in range(400)]  # always the same, so no luck is in it
    heard = [model_for_session(site, session) for session in sessions]
    assert 0.22 < heard.count(scene.challenger) / 400 < 0.28
    assert heard[:50] == [model_for_session(site, session) for session in sessions[:50]]
    assert live_model(site) == scene.champion


def test_rolled_back_no_new_session_is_the_challengers():
    scene, site = Scene(), make_site()
    canary = start(scene, share=1.0)
    assert model_for_session(site, uuid4()) == scene.challenger
    canary_roll_back(user=None, canary=canary)
    assert model_for_session(site, uuid4()) == scene.champion
    with pytest.raises(Conflict, match="ended already"):
        canary_promote(user=None, canary=canary)
    told = Entry.objects.filter(verb__startswith="canary").order_by("id")
    verbs = list(told.values_list("verb", flat=True))
    assert verbs == ["canary_started", "canary_rolled_back"]


def test_promoted_it_is_live_and_the_trial_is_over():
    scene = Scene()
    canary = start(scene)
    promotion = canary_promote(user=None, canary=canary)
    assert live_model() == scene.challenger == promotion.model
    canary.refresh_from_db()
    assert canary.status == CanaryStatus.PROMOTED
    assert canary.ended_at


def test_of_two_that_start_at_once_one_is_told_that_the_other_runs(monkeypatch):
    scene = Scene()

    def the_other_is_faster(model, site):
        monkeypatch.undo()
        start(scene)
        return gate_verdict(model, site)

    monkeypatch.setattr(canaries, "gate_verdict", the_other_is_faster)
    with pytest.raises(Conflict, match="Another model"):
        start(scene)


def test_a_model_that_the_gate_holds_back_is_tried_only_with_a_reason():
    scene = Scene(medical=(0.2, 0.3))
    with pytest.raises(DomainError, match="gate says no"):
        start(scene)
    assert start(scene, override="a quieter room needs it").share == 0.25


def test_a_site_with_a_model_of_its_own_is_not_part_of_the_default_trial():
    scene, own, other = Scene(), make_site(), make_site()
    mine = make_live_model("fake:自己的", own)
    start(scene, share=1.0)
    assert model_for_session(own, uuid4()) == mine
    assert model_for_session(other, uuid4()) == scene.challenger


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_is_a_share(share):
    with pytest.raises(DomainError, match="share"):
        start(Scene(), share=share)


def test_one_trial_a_place():
    scene, site = Scene(), make_site()
    first = start(scene)
    with pytest.raises(Conflict, match="being tried"):
        start(scene)
    start(scene, site=site)
    with pytest.raises(IntegrityError), transaction.atomic():
        Canary.objects.create(model=scene.challenger, evaluation=scene.proof, share=0.5)
    canary_roll_back(user=None, canary=first)
    start(scene)


def test_what_is_live_already_is_not_tried_and_only_trainers_try():
    scene, cast = Scene(), make_cast()
    scene.promote()
    with pytest.raises(Conflict, match="live there already"):
        start(scene)
    with pytest.raises(Forbidden):
        start(scene, user=cast.clinician, site=cast.site)
    with pytest.raises(Forbidden):
        start(scene, user=make_user(), site=cast.site)


def test_a_model_one_adapter_away_is_served_by_its_base_where_that_is_wanted(settings):
    base = make_live_model("fake:底")
    tuned, twice = make_model("fake:一次", parent=base), make_model("fake:兩次")
    tuned.adapter_path, twice.adapter_path, twice.parent = "runs/1/adapter", "runs/2/adapter", tuned
    assert served_as(tuned) == ("fake:一次", "")
    settings.AUSCULT_SERVE_ADAPTERS = True
    assert [served_as(one) for one in (tuned, twice, base)] == [
        ("fake:底", "runs/1/adapter"),
        ("fake:兩次", ""),
        ("fake:底", ""),
    ]
