"""The pages of runs and models, and the admin: what is shown to whom, and what a button does."""

import json

import pytest
from django.urls import reverse

from accounts.models import Role
from base.storage import data_path
from tests.factories import PASSWORD, make_cast, make_model, make_site, make_user
from tests.training.rows import make_approved, make_evaluation, make_run, make_set, make_snapshot
from tests.training.test_promotions import Scene
from training.models import DatasetSnapshot, Promotion, Run, RunStatus, SpeechModel
from training.selectors.live import live_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def cast():
    return make_cast()


def log_in(client, user):
    assert client.login(username=user.username, password=PASSWORD)
    return client


def body_of(response):
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def finished_run(site, base):
    """Done, with a model, both scores, a curve and a log."""
    run = make_run(site, base)
    medical = make_set()
    model = SpeechModel.objects.create(
        name="better", kind="merged", ref=f"fake:{run.uuid}", run=run, parent=base
    )
    make_evaluation(base, medical, 0.6, {"a": "病人服用藥物", "b": "病人"})
    make_evaluation(model, medical, 0.2, {"a": "病人服藥", "b": "病人服用藥物"})
    folder = data_path(run.folder)
    (folder / "train").mkdir(parents=True)
    points = [{"step": 5 * n, "loss": 3.0 / n} for n in range(1, 9)]
    (folder / "train/curve.jsonl").write_text("".join(json.dumps(point) + "\n" for point in points))
    (folder / "run.log").write_text("a line of <log>\n")
    ranks = {"model.encoder.layers.0.self_attn.q_proj": 11, "model.decoder.layers.1.fc1": 13}
    Run.objects.filter(pk=run.pk).update(
        status=RunStatus.DONE, stage_seconds={"train": 200.0}, rank_pattern=ranks, stage="record"
    )
    run.refresh_from_db()
    return run


PAGES = ("run_list", "model_list")


def test_pages_are_for_engineers_and_site_administrators(client, cast):
    run = make_run(cast.site)
    addresses = [reverse(name) for name in PAGES] + [reverse("run_detail", args=[run.uuid])]
    for address in addresses:
        assert client.get(address).status_code == 302
    for user in (cast.engineer, make_user(Role.SITE_ADMIN, site=cast.site)):
        log_in(client, user)
        for address in addresses:
            body_of(client.get(address))
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider):
        log_in(client, user)
        for address in addresses:
            assert client.get(address).status_code in (403, 404)


def test_a_run_of_another_site_is_not_found(client):
    run = make_run(make_site())
    log_in(client, make_user(Role.ENGINEER))
    for name in ("run_detail", "run_progress", "run_curve"):
        assert client.get(reverse(name, args=[run.uuid])).status_code == 404
    for name in ("run_cancel", "run_resume"):
        assert client.post(reverse(name, args=[run.uuid])).status_code == 404


def test_the_empty_pages_say_what_they_are_for(client, cast):
    log_in(client, cast.engineer)
    assert "No run yet" in body_of(client.get(reverse("run_list")))
    assert "nothing is live" in body_of(client.get(reverse("model_list")))


def test_snapshot_then_knobs_then_run(client, cast):
    make_approved(cast.site)
    base = make_model()
    Promotion.objects.create(model=base)
    log_in(client, cast.engineer)
    response = client.post(reverse("snapshot_new"), {"site": cast.site.slug})
    snapshot = DatasetSnapshot.objects.get()
    assert response.url == reverse("run_new", args=[snapshot.uuid])
    assert "1 corrected utterances" in body_of(client.get(response.url))
    values = {"max_steps": "50", "augment": "false", "name": "first"}
    response = client.post(response.url, values)
    run = Run.objects.get()
    assert response.url == reverse("run_detail", args=[run.uuid])
    assert (run.config["max_steps"], run.config["augment"], run.base_model) == (50, False, base)


def test_a_knob_that_makes_no_sense_is_told_in_the_form(client, cast):
    snapshot = make_snapshot(cast.site)
    log_in(client, cast.engineer)
    address = reverse("run_new", args=[snapshot.uuid])
    assert "init_r must be greater" in body_of(client.post(address, {"target_r": "99"}))
    assert "Enter a number." in body_of(client.post(address, {"learning_rate": "fast"}))
    assert not Run.objects.exists()


def test_a_snapshot_of_nothing_is_told_in_a_sentence(client, cast):
    log_in(client, cast.engineer)
    response = client.post(reverse("snapshot_new"), {"site": cast.site.slug}, follow=True)
    assert "no approved label" in body_of(response)


def test_a_running_run_shows_stage_step_loss_and_time_left_and_asks_again(client, cast):
    run = make_run(cast.site)
    Run.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, stage="train", step=120, total_steps=600, loss=1.234, eta_s=83
    )
    log_in(client, cast.engineer)
    page = body_of(client.get(reverse("run_detail", args=[run.uuid])))
    for words in ("120", "/ 600", "1.234", "1:23", 'aria-current="step"', "every 1500ms", "Cancel"):
        assert words in page
    assert "HX-Refresh" not in client.get(reverse("run_progress", args=[run.uuid]))


def test_a_run_that_has_ended_makes_its_page_load_anew(client, cast):
    run = make_run(cast.site)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.FAILED, error="It was too warm.", stage="train")
    log_in(client, cast.engineer)
    response = client.get(reverse("run_progress", args=[run.uuid]))
    assert response["HX-Refresh"] == "true"
    assert "It was too warm." in body_of(response) and "Resume" in body_of(response)
    assert "every 1500ms" not in body_of(response)


def test_cancel_and_resume_are_one_click_each(client, cast):
    run = make_run(cast.site)
    log_in(client, cast.engineer)
    client.post(reverse("run_cancel", args=[run.uuid]))
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    client.post(reverse("run_resume", args=[run.uuid]))
    run.refresh_from_db()
    assert run.status == RunStatus.QUEUED


def test_a_finished_run_shows_its_proof(client, cast):
    run = finished_run(cast.site, make_model())
    log_in(client, cast.engineer)
    page = body_of(client.get(reverse("run_detail", args=[run.uuid])))
    for words in (
        "60.0 %",
        "20.0 %",
        "-40.0",
        "66.7 % of the errors",
        "<del",
        "3:20",
        "a line of &lt;log&gt;",
    ):
        assert words in page
    assert "encoder 0" in page and ">13<" in page
    assert page.count("<svg") == 2
    listed = body_of(client.get(reverse("run_list")))
    assert "60.0 %" in listed and "<svg" in listed


def test_what_differs_from_the_run_before_is_marked(client, cast):
    make_run(cast.site, max_steps=100)
    run = make_run(cast.site, max_steps=200)
    log_in(client, cast.engineer)
    page = body_of(client.get(reverse("run_detail", args=[run.uuid])))
    assert page.count(">changed<") == 1


def test_promote_and_roll_back_from_the_page(client, cast):
    scene = Scene()
    log_in(client, cast.engineer)
    page = body_of(client.get(reverse("model_list")))
    assert "The gate says yes." in page and "better, CER" in page
    form = {"site": str(cast.site.uuid), "evaluation": str(scene.proof.uuid)}
    client.post(reverse("model_promote", args=[scene.challenger.uuid]), form)
    assert live_model(cast.site) == scene.challenger
    promotion = Promotion.objects.get(site=cast.site, current=True)
    page = client.post(reverse("promotion_roll_back", args=[promotion.uuid]), follow=True)
    assert "is live again" in body_of(page)
    assert live_model(cast.site) == scene.champion


def test_a_refusal_of_the_gate_is_told_on_the_page(client, cast):
    scene = Scene(medical=(0.2, 0.4))
    log_in(client, cast.engineer)
    form = {"site": str(cast.site.uuid), "evaluation": str(scene.proof.uuid)}
    page = client.post(reverse("model_promote", args=[scene.challenger.uuid]), form, follow=True)
    assert "not better" in body_of(page)
    assert live_model(cast.site) == scene.champion


def test_the_admin_builds_and_trains(client):
    site = make_site()
    engineer = make_user(Role.ENGINEER, site=site)
    engineer.is_staff = True
    engineer.save()
    make_approved(site)
    Promotion.objects.create(model=make_model())
    log_in(client, engineer)
    listing = reverse("admin:training_datasetsnapshot_changelist")
    assert "Build snapshot" in body_of(client.get(listing))
    assert client.get(reverse("admin:training_datasetsnapshot_build")).status_code == 405
    page = client.post(reverse("admin:training_datasetsnapshot_build"), {"site": site.slug}, follow=True)
    snapshot = DatasetSnapshot.objects.get()
    train = reverse("admin:training_datasetsnapshot_train", args=[snapshot.pk])
    assert train in body_of(page)
    assert "Learning rate" in body_of(client.get(train))
    response = client.post(train, {})
    assert response.url == reverse("run_detail", args=[Run.objects.get().uuid])
    for name in ("run", "speechmodel", "promotion", "evaluationset", "evaluation"):
        body_of(client.get(reverse(f"admin:training_{name}_changelist")))


def test_the_admin_shows_other_sites_nothing(client):
    snapshot = make_snapshot(make_site())
    outsider = make_user(Role.ENGINEER)
    outsider.is_staff = True
    outsider.save()
    log_in(client, outsider)
    page = body_of(client.get(reverse("admin:training_datasetsnapshot_changelist")))
    assert snapshot.sha256[:8] not in page
    client.post(reverse("admin:training_datasetsnapshot_train", args=[snapshot.pk]), {})
    assert not Run.objects.exists()
