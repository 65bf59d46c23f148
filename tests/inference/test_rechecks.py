"""The live model hears corrected segments again: labels that it contradicts with reason come back once."""

import pytest

from annotation.models import DoubtState, Hypothesis, LabelDoubt
from annotation.ranking.calibration import Calibration
from annotation.ranking.words import FEATURES
from annotation.services import doubts
from base.jobs import Job
from inference.services import rechecks, recognizers
from inference.services.drafts import promotion_redraft
from inference.services.rechecks import labels_recheck
from tests.factories import make_label, make_live_model, make_recording, make_segment, make_site
from training.models import Promotion

pytestmark = pytest.mark.django_db
HEARD = "病人頭痛三天"
# Whatever the recogniser says of itself, its words are right with a probability of 0.999.
TRUSTED = Calibration((0.0,) * len(FEATURES), -7.0)


@pytest.fixture(autouse=True)
def forget_models():
    recognizers.recognizer.cache_clear()


@pytest.fixture(autouse=True)
def trusted(monkeypatch):
    class Fit:
        calibration = TRUSTED

    monkeypatch.setattr(doubts, "newest_fit", lambda site, model_ref: Fit)


@pytest.fixture
def site():
    make_live_model(f"fake:{HEARD}")
    return make_site()


def label(site, text):
    recording = make_recording(site, audio=True, duration_ms=3000)
    return make_label(make_segment(recording, 0, 2500, text="別的模型聽到這個"), text)


def test_a_contradicted_label_comes_back_and_the_draft_stays(site):
    right, wrong = label(site, HEARD), label(site, "病人頭通三天")
    assert labels_recheck(site=site) == 1
    states = dict(LabelDoubt.objects.values_list("label", "state"))
    assert states == {right.pk: DoubtState.CLEAR, wrong.pk: DoubtState.OPEN}
    doubt = LabelDoubt.objects.get(label=wrong)
    assert doubt.hypothesis.text == HEARD and doubt.score > 0.8
    wrong.segment.refresh_from_db()
    assert wrong.segment.hypothesis.text == "別的模型聽到這個"


def test_each_label_is_judged_once_for_each_model(site):
    wrong = label(site, "病人頭通三天")
    labels_recheck(site=site)
    assert labels_recheck(site=site) == 0
    assert Hypothesis.objects.count() == 2
    make_live_model("fake:病人頭痛三天了")
    assert labels_recheck(site=site) == 1
    assert LabelDoubt.objects.filter(label=wrong).count() == 2


def test_what_a_person_has_confirmed_does_not_come_back_with_the_next_model(site):
    label(site, "病人頭通三天")
    labels_recheck(site=site)
    LabelDoubt.objects.update(state=DoubtState.KEPT)
    make_live_model("fake:病人頭痛三天了")
    assert labels_recheck(site=site) == 0


def test_a_round_is_bounded_and_the_next_goes_on(site, monkeypatch):
    monkeypatch.setattr(rechecks, "LABELS_A_ROUND", 2)
    for _ in range(3):
        label(site, "病人頭通三天")
    assert labels_recheck(site=site) == 2
    assert labels_recheck(site=site) == 1


def test_without_a_fit_nothing_is_judged(site, monkeypatch):
    monkeypatch.setattr(doubts, "newest_fit", lambda site, model_ref: None)
    label(site, "病人頭通三天")
    assert labels_recheck(site=site) == 0
    assert not LabelDoubt.objects.exists()


def test_a_promotion_asks_for_it(site, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr("base.jobs._enqueue", lambda job, pk: asked.append((job, pk)))
    with django_capture_on_commit_callbacks(execute=True):
        promotion_redraft(promotion=Promotion.objects.get(current=True))
    assert asked == [(Job.LABELS_RECHECK, site.pk)]
