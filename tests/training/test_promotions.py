"""Live by proof, and back by one click."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden, NotFound
from tests.factories import make_cast, make_live_model, make_model, make_site, make_user
from tests.training.rows import make_evaluation, make_set
from training.models import Promotion
from training.selectors.gate import gate_verdict
from training.selectors.live import live_model
from training.services.promotions import model_promote, promotion_roll_back
from training.services.speech_models import base_model_register

pytestmark = pytest.mark.django_db


class Scene:
    """A live champion and a challenger, both scored on a medical and a general set."""

    def __init__(self, medical=(0.6, 0.2), general=(0.08, 0.085)):
        self.champion = make_live_model("fake:冠軍")
        self.challenger = make_model("fake:挑戰者")
        self.medical, self.general = make_set("medical"), make_set("general")
        make_evaluation(self.champion, self.medical, medical[0])
        self.proof = make_evaluation(self.challenger, self.medical, medical[1])
        make_evaluation(self.champion, self.general, general[0])
        make_evaluation(self.challenger, self.general, general[1])

    def promote(self, **values):
        return model_promote(**{"user": None, "model": self.challenger, "evaluation": self.proof, **values})


def test_a_better_model_passes_the_gate_and_goes_live():
    scene = Scene()
    verdict = gate_verdict(scene.challenger)
    assert verdict.passes and "60.0% → 20.0%" in str(verdict)
    promotion = scene.promote()
    assert live_model() == scene.challenger
    assert promotion.previous.model == scene.champion
    assert promotion.evaluation == scene.proof


@pytest.mark.parametrize(
    ("medical", "general", "word"),
    [
        ((0.2, 0.2), (0.08, 0.08), "not better"),
        ((0.6, 0.2), (0.08, 0.0901), "worse by more than a point"),
    ],
)
def test_the_gate_holds_back_what_is_not_better_or_forgets(medical, general, word):
    scene = Scene(medical, general)
    with pytest.raises(DomainError, match=word):
        scene.promote()
    assert live_model() == scene.champion
    scene.promote(override="the old one is wrong about doses")
    assert live_model() == scene.challenger
    entry = Entry.objects.get(verb="model_promoted")
    assert entry.detail["override"] and not entry.detail["passed"]


def test_the_gate_says_what_has_not_been_scored():
    scene = Scene()
    verdict = gate_verdict(make_model("fake:新"))
    assert not verdict.passes and "not been scored" in str(verdict)
    scene.general.active = scene.medical.active = False
    scene.general.save()
    scene.medical.save()
    assert "no medical evaluation set" in str(gate_verdict(scene.challenger))


def test_the_gate_compares_only_what_was_decoded_alike():
    scene = Scene()
    for name, value in (("language", "en"), ("max_new_tokens", 20)):
        alike = dict(scene.proof.settings)
        scene.proof.settings = alike | {name: value}
        scene.proof.save()
        verdict = gate_verdict(scene.challenger)
        assert not verdict.passes and "was scored with other decode settings" in str(verdict)
        scene.proof.settings = alike
        scene.proof.save()
    # An older score that was decoded alike counts, whatever the newest was decoded with.
    newest = make_evaluation(scene.champion, scene.medical, 0.1)
    newest.settings |= {"max_new_tokens": 20}
    newest.save()
    assert gate_verdict(scene.challenger).passes


def test_a_score_of_other_weights_proves_nothing():
    scene = Scene()
    scene.challenger.sha256 = "2" * 64
    scene.challenger.save()
    assert not gate_verdict(scene.challenger).passes


def test_a_promotion_names_a_medical_evaluation_of_that_model():
    scene = Scene()
    general = scene.challenger.evaluations.get(evaluation_set=scene.general)
    for evaluation in (general, scene.champion.evaluations.get(evaluation_set=scene.medical)):
        with pytest.raises(DomainError, match="medical evaluation"):
            scene.promote(evaluation=evaluation)


def test_a_site_has_its_own_model_and_the_others_keep_the_default():
    scene = Scene()
    here, elsewhere = make_site(), make_site()
    scene.promote(site=here)
    assert live_model(here) == scene.challenger
    assert live_model(elsewhere) == live_model() == scene.champion


def test_roll_back_is_one_step_each_time_and_asks_for_new_drafts(
    monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr("base.jobs._enqueue", lambda job, pk: asked.append((job.value, pk)))
    scene = Scene()
    with django_capture_on_commit_callbacks(execute=True):
        promotion = scene.promote()
    with django_capture_on_commit_callbacks(execute=True):
        back = promotion_roll_back(user=None, promotion=promotion)
    assert live_model() == scene.champion == back.model
    promotion.refresh_from_db()
    assert promotion.rolled_back_at and not promotion.current
    assert asked == [("inference.promotion_redraft", p.pk) for p in (promotion, back)]
    with pytest.raises(Conflict, match="nothing to go back to"):
        promotion_roll_back(user=None, promotion=back)
    with pytest.raises(Conflict, match="look again"):
        promotion_roll_back(user=None, promotion=promotion)
    assert Entry.objects.filter(verb="promotion_rolled_back").count() == 1


def test_promoting_what_is_live_is_refused():
    scene = Scene()
    scene.promote()
    with pytest.raises(Conflict, match="live there already"):
        scene.promote()


def test_the_database_allows_one_live_model_a_place():
    make_live_model()
    site = make_site()
    make_live_model("fake:一", site)
    for place in (None, site):
        with pytest.raises(IntegrityError), transaction.atomic():
            Promotion.objects.create(model=make_model("fake:二"), site=place)


def test_only_engineers_of_the_site_promote_and_roll_back():
    cast = make_cast()
    scene = Scene()
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider, make_user("engineer")):
        with pytest.raises(Forbidden):
            scene.promote(user=user, site=cast.site)
    promotion = scene.promote(user=cast.engineer, site=cast.site)
    with pytest.raises(Forbidden):
        promotion_roll_back(user=cast.outsider, promotion=promotion)
    with pytest.raises(Forbidden, match="every site"):
        scene.promote(user=cast.engineer)
    promotion_roll_back(user=cast.engineer, promotion=promotion)
    assert live_model(cast.site) == scene.champion


def test_the_base_is_registered_once_and_live_first(tmp_path, settings):
    settings.AUSCULT_BASE_MODEL = str(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "auscult.json").write_text('{"name": "auscult-base", "variable_window": true}')
    with pytest.raises(NotFound):
        live_model()
    base = base_model_register()
    assert base_model_register() == base == live_model()
    assert (base.name, base.variable_window, len(base.sha256)) == ("auscult-base", True, 64)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert base_model_register().sha256 != base.sha256


def test_a_base_that_is_not_there_is_told_by_its_path(settings):
    settings.AUSCULT_BASE_MODEL = "/nowhere/model"
    with pytest.raises(DomainError, match="/nowhere/model"):
        base_model_register()
