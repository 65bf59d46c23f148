"""A challenger beside what is live, by the sessions that people really spoke; ended by one command."""

from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from inference.models import LiveSession
from inference.selectors.canaries import canary_arms
from inference.services.sessions import session_open
from inference.services.utterances import utterances_keep
from tests.factories import make_cast
from tests.inference.finals import heard
from tests.training.test_promotions import Scene
from training.models import Canary, CanaryStatus
from training.selectors import live_model, model_for_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def tell(capsys, *words: str) -> str:
    call_command("canary", *words)
    return capsys.readouterr().out


def test_a_session_keeps_the_model_that_it_began_with(scene, capsys):
    cast = make_cast()
    tell(capsys, "start", scene.challenger.name, "--share", "1")
    session = session_open(user=cast.clinician, site=cast.site, holder=uuid4())
    tell(capsys, "roll-back")
    later = session_open(user=cast.clinician, site=cast.site, holder=uuid4())
    assert LiveSession.objects.get(pk=session.pk).model == scene.challenger
    assert later.model == scene.champion


def test_both_are_put_side_by_side(scene, capsys):
    cast = make_cast()
    tell(capsys, "start", str(scene.challenger.uuid), "--share", "0.5")
    sessions = {}
    while len(sessions) < 2:
        session = session_open(user=cast.clinician, site=cast.site, holder=uuid4())
        sessions[session.model] = session
    utterances_keep(
        session=sessions[scene.challenger],
        entries=[heard(0, "血壓"), heard(1, "", rejected="謝謝觀看")],
    )
    utterances_keep(session=sessions[scene.champion], entries=[heard(0, "血壓")])
    challenger, live = canary_arms(Canary.objects.get())
    assert (challenger.utterances, challenger.rejected, challenger.final_ms_p50) == (2, 0.5, 400)
    assert (live.utterances, live.rejected) == (1, 0.0)
    table = tell(capsys, "report")
    assert "challenger" in table and "0.5" in table


def test_promoted_it_is_everybodys(scene, capsys):
    tell(capsys, "start", scene.challenger.name)
    tell(capsys, "promote")
    assert live_model() == scene.challenger
    assert Canary.objects.get().status == CanaryStatus.PROMOTED
    assert model_for_session(make_cast().site, UUID(int=0)) == scene.challenger


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("report",), "No model is being tried there."),
        (("start", "nobody"), "no model 'nobody'"),
        (("start", str(UUID(int=1))), "no model"),
        (("report", "--site", "nowhere"), "no site 'nowhere'"),
    ],
)
def test_what_cannot_be_is_a_sentence(scene, capsys, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        tell(capsys, *words)


@pytest.mark.parametrize("does", ["report", "promote", "roll-back"])
def test_a_site_that_is_named_is_not_taken_for_every_site(scene, capsys, does):
    site = make_cast().site
    tell(capsys, "start", scene.challenger.name)
    with pytest.raises(CommandError, match="No model is being tried there"):
        tell(capsys, does, "--site", site.slug)
    assert Canary.objects.get().status == CanaryStatus.RUNNING


def test_an_arm_without_sessions_says_nothing(scene, capsys):
    tell(capsys, "start", scene.challenger.name)
    challenger, _live = canary_arms(Canary.objects.get())
    assert (challenger.sessions, challenger.rejected, challenger.final_ms_p95) == (0, None, None)
