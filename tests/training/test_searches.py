"""The life of a search and its pages: asked for, followed, stopped, resumed; a trial becomes a run."""

import json

import pytest
from django.urls import reverse

from accounts.models import Role
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from tests.factories import PASSWORD, make_cast, make_model, make_site, make_user
from tests.training.rows import PlayedProcess, make_search, make_snapshot, with_reports
from training.models import Promotion, Run, RunStatus, Search
from training.pipeline.folder import MARK
from training.pipeline.search.request import SearchRequest
from training.selectors.searches import trials_of
from training.services import execution
from training.services.search_execution import SearchProcess, search_execute
from training.services.searches import (
    search_cancel,
    search_create,
    search_promote_trial,
    search_resume,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(settings, monkeypatch):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr(execution, "WRITE_EVERY_S", 0.0)


@pytest.fixture
def cast():
    return make_cast()


def told(**fields):
    return MARK + json.dumps(fields) + "\n"


def after(search):
    search.refresh_from_db()
    return search


def log_in(client, user):
    assert client.login(username=user.username, password=PASSWORD)


def body_of(response):
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def test_the_process_gets_what_was_asked_and_its_end_is_written_down():
    search = make_search(overrides={"batch_s": 8.0})
    process = PlayedProcess([told(stage="search", step=4, total_steps=4)], code=0)
    search_execute(search=search, start=process)
    assert (after(search).status, search.step, search.total_steps) == (RunStatus.DONE, 4, 4)
    request = SearchRequest.read(process.folder)
    assert request.config.batch_s == 8.0 and request.budget.steps == 160
    assert list(request.points) == search.points and len(search.points) == 4
    assert Entry.objects.filter(verb="search_finished").exists()
    assert SearchProcess.command(process, process.folder)[1:3] == ["-m", "training.pipeline.search"]


def test_an_error_a_kill_and_a_cancel_end_as_those_of_a_run():
    failed, killed, cancelled = make_search(), make_search(), make_search()
    search_execute(search=failed, start=PlayedProcess([told(error="Ray is not installed.")], code=1))
    assert (after(failed).status, failed.error) == (RunStatus.FAILED, "Ray is not installed.")
    search_execute(search=killed, start=PlayedProcess([told(stage="search")], code=-9))
    assert after(killed).status == RunStatus.INTERRUPTED
    process = PlayedProcess([told(stage="search")] * 5)
    process.before_each = lambda: Search.objects.filter(pk=cancelled.pk, status=RunStatus.RUNNING).update(
        status=RunStatus.CANCELLING
    )
    search_execute(search=cancelled, start=process)
    assert process.asked_to_stop and after(cancelled).status == RunStatus.CANCELLED


def test_a_search_that_lost_its_worker_is_resumed_and_a_running_one_is_not():
    search = make_search()
    search_execute(search=search, start=PlayedProcess([told(stage="search")], code=-9))
    search_resume(user=None, search=search)
    assert after(search).status == RunStatus.QUEUED
    with pytest.raises(Conflict, match="can be resumed"):
        search_resume(user=None, search=search)
    search_cancel(user=None, search=search)
    with pytest.raises(Conflict, match="not running"):
        search_cancel(user=None, search=search)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"overrides": {"target_r": 99}}, "init_r"),
        ({"space": {"learning_rate": {"low": 0.1, "high": 0.01}}}, "low end"),
        ({"budget": {"trials": 1}}, "trials"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_queued(values, words):
    snapshot = make_snapshot()
    with pytest.raises(DomainError, match=words):
        search_create(user=None, snapshot=snapshot, base_model=make_model(), **values)
    assert not Search.objects.exists()


def test_every_trial_is_told_with_the_leader_of_those_that_came_furthest():
    rows = trials_of(with_reports(make_search()))
    assert [row.state for row in rows] == ["stopped", "done", "stopped", "running"]
    assert [row.is_best for row in rows] == [False, True, False, False]  # 0.2 was at an early rung
    assert (rows[1].cers, rows[1].restarts) == ([(10, 0.5), (160, 0.25)], 1)
    assert (rows[3].step, rows[3].cer) == (5, None)


def test_a_trial_becomes_an_ordinary_run_once():
    search = with_reports(make_search(overrides={"batch_s": 8.0}))
    run = search_promote_trial(user=None, search=search, number=1)
    point = search.points[1]
    assert run.config["learning_rate"] == point["learning_rate"] and run.config["batch_s"] == 8.0
    assert (run.config["init_r"], run.config["target_r"]) == (point["init_r"], point["target_r"])
    assert (run.config["max_steps"], run.snapshot, run.base_model) == (
        160,
        search.snapshot,
        search.base_model,
    )
    assert run.name == "s, trial 1"
    entry = Entry.objects.get(verb="search_trial_promoted")
    assert entry.detail["run"] == str(run.uuid) and entry.detail["trial"] == 1
    assert search_promote_trial(user=None, search=search, number=1) == run
    assert trials_of(after(search))[1].run == run
    with pytest.raises(DomainError, match="no trial 9"):
        search_promote_trial(user=None, search=search, number=9)


def test_only_engineers_and_site_administrators_of_the_site_steer_searches(cast):
    search = make_search(cast.site)
    elsewhere = make_user(Role.ENGINEER)
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider, elsewhere):
        for refused in (
            lambda user=user: search_cancel(user=user, search=search),
            lambda user=user: search_promote_trial(user=user, search=search, number=0),
            lambda user=user: search_create(user=user, snapshot=search.snapshot),
        ):
            with pytest.raises(Forbidden):
                refused()
    assert not Run.objects.exists()


def test_the_pages_are_for_engineers_and_site_administrators_of_the_site(client, cast):
    search = make_search(cast.site)
    addresses = [
        reverse("search_list"),
        reverse("search_detail", args=[search.uuid]),
        reverse("search_progress", args=[search.uuid]),
        reverse("search_new", args=[search.snapshot.uuid]),
    ]
    for user in (cast.engineer, make_user(Role.SITE_ADMIN, site=cast.site)):
        log_in(client, user)
        for address in addresses:
            body_of(client.get(address))
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider):
        log_in(client, user)
        for address in addresses:
            assert client.get(address).status_code in (403, 404)
    log_in(client, make_user(Role.ENGINEER))
    for name in ("search_cancel", "search_resume"):
        assert client.post(reverse(name, args=[search.uuid])).status_code == 404
    assert client.post(reverse("search_train", args=[search.uuid, 0])).status_code == 404


def test_the_page_of_a_search_shows_its_trials_and_charts_and_asks_again(client, cast):
    search = with_reports(make_search(cast.site))
    Search.objects.filter(pk=search.pk).update(heartbeat_at=search.created_at)
    log_in(client, cast.engineer)
    page = body_of(client.get(reverse("search_detail", args=[search.uuid])))
    for words in ("25.0 %", "leads", "complete", "process died once", "every 2s", "Cancel"):
        assert words in page
    assert page.count("<svg") == 2 and page.count("Train with these") == 3
    assert 'class="best"' in page and 'class="faint"' in page
    Search.objects.filter(pk=search.pk).update(status=RunStatus.DONE)
    response = client.get(reverse("search_progress", args=[search.uuid]))
    assert response["HX-Refresh"] == "true" and "every 2s" not in body_of(response)


def test_one_click_makes_a_run_of_the_winner(client, cast):
    search = with_reports(make_search(cast.site))
    log_in(client, cast.engineer)
    response = client.post(reverse("search_train", args=[search.uuid, 1]))
    run = Run.objects.get()
    assert response.url == reverse("run_detail", args=[run.uuid])
    assert run.created_by == cast.engineer
    page = body_of(client.get(reverse("search_detail", args=[search.uuid])))
    assert reverse("run_detail", args=[run.uuid]) in page


def test_the_form_starts_a_search_and_tells_what_makes_no_sense(client, cast):
    snapshot = make_snapshot(cast.site)
    Promotion.objects.create(model=make_model())
    log_in(client, cast.engineer)
    address = reverse("search_new", args=[snapshot.uuid])
    refused = body_of(client.post(address, {"learning_rate_low": "0.05", "learning_rate_high": "0.01"}))
    assert "low end" in refused and not Search.objects.exists()
    values = {"trials": "5", "steps": "100", "replay_share_low": "0.5", "replay_share_high": "0.5"}
    response = client.post(address, values)
    search = Search.objects.get()
    assert response.url == reverse("search_detail", args=[search.uuid])
    assert (search.budget["trials"], len(search.points)) == (5, 5)
    assert {point["replay_share"] for point in search.points} == {0.5}


def test_a_preset_that_has_no_initial_rank_searches_without_it(client, cast):
    snapshot = make_snapshot(cast.site)
    Promotion.objects.create(model=make_model())
    log_in(client, cast.engineer)
    client.post(reverse("search_new", args=[snapshot.uuid]), {"preset": "low-vram-8bit"})
    search = Search.objects.get()
    assert search.config["load_in_8bit"] and "init_r" not in search.points[1]


def test_the_admin_searches_beside_train(client):
    site = make_site()
    engineer = make_user(Role.ENGINEER, site=site)
    engineer.is_staff = True
    engineer.save()
    snapshot = make_snapshot(site)
    Promotion.objects.create(model=make_model())
    log_in(client, engineer)
    address = reverse("admin:training_datasetsnapshot_search", args=[snapshot.pk])
    assert address in body_of(client.get(reverse("admin:training_datasetsnapshot_changelist")))
    assert "Dropout" in body_of(client.get(address))
    response = client.post(address, {})
    assert response.url == reverse("search_detail", args=[Search.objects.get().uuid])
    body_of(client.get(reverse("admin:training_search_changelist")))
    other = make_snapshot(make_site())
    refused = reverse("admin:training_datasetsnapshot_search", args=[other.pk])
    assert client.post(refused, {}).status_code == 302 and Search.objects.count() == 1
