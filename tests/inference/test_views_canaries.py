"""The page of trials: a model is tried from it, judged on it, and made live or taken off."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import Role
from inference.services.sessions import session_open
from inference.services.utterances import utterances_keep
from tests.factories import PASSWORD, make_site, make_user
from tests.inference.finals import heard
from tests.training.test_promotions import Scene
from training.models import Canary, CanaryStatus
from training.selectors import live_model
from training.services.canaries import canary_start

pytestmark = pytest.mark.django_db
PAGE = "/models/trials/"


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def engineer(client):
    """Of the only site: what is everybody's is theirs, too."""
    site = make_site()
    client.clinician = make_user(Role.CLINICIAN, site=site)
    client.site = site
    client.login(username=make_user(Role.ENGINEER, site=site).username, password=PASSWORD)
    return client


def begin(client, challenger, **values):
    data = {"model": str(challenger.uuid), "share": "25", "site": "", **values}
    return client.post(reverse("canary_begin"), data, follow=True).content.decode()


def test_without_a_scored_model_it_says_what_the_page_is_for(engineer):
    page = engineer.get(PAGE).content.decode()
    assert "No model to try" in page and reverse("run_list") in page


def test_a_trial_begins_and_both_stand_side_by_side(engineer):
    scene = Scene()
    page = begin(engineer, scene.challenger, share="100")
    assert "hears 100.0 % of the dictations" in page
    session = session_open(user=engineer.clinician, site=engineer.site, holder=uuid4())
    assert session.model == scene.challenger
    utterances_keep(session=session, entries=[heard(0, "血壓"), heard(1, "", rejected="謝謝觀看")])
    page = engineer.get(PAGE).content.decode()
    assert "50.0 %" in page and "400 ms" in page


def test_who_works_at_some_sites_only_tries_it_there(engineer):
    scene = Scene()
    make_site()
    assert "concerns every site" in begin(engineer, scene.challenger)
    assert "hears 25.0 %" in begin(engineer, scene.challenger, site=engineer.site.slug)
    assert Canary.objects.get().site == engineer.site


def test_it_ends_on_the_page_either_way(engineer):
    scene = Scene()
    begin(engineer, scene.challenger)
    page = engineer.post(reverse("canary_roll_back", args=[Canary.objects.get().uuid]), follow=True)
    assert "hears no new session" in page.content.decode()
    begin(engineer, scene.challenger)
    canary = Canary.objects.filter(status=CanaryStatus.RUNNING).get()
    page = engineer.post(reverse("canary_promote", args=[canary.uuid]), follow=True).content.decode()
    assert "is live; the trial has ended" in page and "rolled back" in page
    assert live_model() == scene.challenger


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"share": "much"}, "must be above 0"),
        ({"share": "nan"}, "must be above 0"),
        ({"model": "?"}, "Choose the model"),
        ({"site": "nowhere"}, "no such site among yours"),
    ],
)
def test_what_cannot_be_is_a_sentence(engineer, values, sentence):
    assert sentence in begin(engineer, Scene().challenger, **values)
    assert not Canary.objects.exists()


def test_a_model_without_a_score_is_not_tried(engineer):
    scene = Scene()
    scene.proof.delete()
    assert "not been scored" in begin(engineer, scene.challenger)


def test_the_gate_holds_and_a_reason_opens_it(engineer):
    scene = Scene(medical=(0.2, 0.2))
    assert "The gate says no" in begin(engineer, scene.challenger)
    begin(engineer, scene.challenger, override="it knows the new drugs")
    assert Canary.objects.get().share == 0.25
    assert "although the gate says no" in engineer.get(PAGE).content.decode()


def test_a_trial_of_another_site_is_neither_seen_nor_ended(client):
    site = make_site()
    canary_start(user=None, **_of(Scene()), share=0.5, site=site)
    stranger = make_user(Role.ENGINEER, site=make_site())
    client.login(username=stranger.username, password=PASSWORD)
    assert site.name not in client.get(PAGE).content.decode()
    assert client.post(reverse("canary_roll_back", args=[Canary.objects.get().uuid])).status_code == 404
    assert Canary.objects.get().status == CanaryStatus.RUNNING


def test_who_does_not_train_is_not_let_in(client):
    client.login(username=make_user(Role.CLINICIAN).username, password=PASSWORD)
    assert client.get(PAGE).status_code == 403


def _of(scene):
    return {"model": scene.challenger, "evaluation": scene.proof}
