"""An engineer's round in the browser: fresh, killed and resumed, continued, cancelled, searched, compared.

The pages are real, and so is the pipeline under them, on the tiny base; what a worker would take from its
queue is called here.
"""

from dataclasses import replace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Role, Site
from tests.factories import make_user
from tests.training.conftest import tiny_base  # noqa: F401
from tests.training.rows import make_approved, with_reports
from tests.training.test_whole_run import KilledInTraining
from tests.training.tiny import QUICK, make_utterances
from training.models import Promotion, Run, RunStatus, Search, SpeechModel, SpeechModelKind
from training.selectors.runs import log_tail
from training.services import execution, runs, searches
from training.services.datasets import evaluation_set_freeze, snapshot_build
from training.services.execution import run_execute

pytestmark = pytest.mark.slow
TEXTS = ("病人服用藥物", "血壓偏高三天", "主訴頭痛兩次", "建議回診檢查")


@pytest.fixture
def engineer(site: Site, tiny_base, tmp_path, monkeypatch):  # noqa: F811
    """With a base that is live, a snapshot and both evaluation sets."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(execution, "WRITE_EVERY_S", 0.2)
    for services in (runs, searches):
        monkeypatch.setattr(services, "enqueue_on_commit", lambda job, pk: None)
    base = SpeechModel.objects.create(
        name="tiny", kind=SpeechModelKind.BASE, ref=str(tiny_base), variable_window=True
    )
    Promotion.objects.create(model=base)
    for kind in ("medical", "general"):
        rows = make_utterances(tmp_path / kind, 4, f"{kind}-{tmp_path.name}")
        held = [replace(row, speaker=f"held {row.speaker}", text=f"凍結 {row.text}") for row in rows]
        evaluation_set_freeze(name=kind, kind=kind, utterances=held, root=tmp_path / kind)
    for text in TEXTS:
        make_approved(site, text)
    snapshot_build(user=None, site=site)
    person = make_user(Role.ENGINEER, site=site)
    person.is_staff = True
    person.save()
    return person


def train(page: Page, name: str, start_from: str = "", **knobs: object) -> Run:
    """From the admin's list of snapshots through the form; leads to the page of the run."""
    page.goto("/admin/training/datasetsnapshot/")
    page.get_by_role("link", name="Train", exact=True).first.click()
    page.get_by_label("Name", exact=True).fill(name)
    if start_from:
        page.get_by_label("Start from").select_option(label=start_from)
    for section in page.locator("details").all():
        section.evaluate("element => { element.open = true; }")
    for knob, value in {**QUICK, **knobs}.items():
        field = page.locator(f"[name={knob}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(str(value).lower())
        else:
            field.fill(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    page.locator("input[type=submit]").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return Run.objects.get(name=name)


def test_fresh_killed_resumed_continued_cancelled_and_compared(engineer, page_of):
    page = page_of(engineer)
    page.on("pageerror", lambda error: pytest.fail(f"a script broke: {error}"))

    first = train(page, "first", max_steps=40)
    expect(page.get_by_text("Fresh.")).to_be_visible()
    run_execute(run=first, start=KilledInTraining)
    page.reload()
    expect(page.get_by_text("What was trained is kept; resume to go on.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    first.refresh_from_db()
    assert first.status == RunStatus.QUEUED
    run_execute(run=first)
    first.refresh_from_db()
    assert first.status == RunStatus.DONE, first.error + log_tail(first)
    page.reload()
    expect(page.get_by_text("This run made the model")).to_be_visible()
    expect(page.locator("#curve svg").first).to_be_visible()

    second = train(page, "second", start_from="first", max_steps=20, method="lora", target_r=2)
    expect(page.get_by_text("tiny → first")).to_be_visible()
    run_execute(run=second)
    second.refresh_from_db()
    assert second.status == RunStatus.DONE, second.error + log_tail(second)
    assert second.config["method"] == "lora" and second.produced.parent == first.produced

    page.goto(reverse("run_list"))
    page.get_by_label("Run A").select_option(value=str(first.uuid))
    page.get_by_label("Run B").select_option(value=str(second.uuid))
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("rowheader", name="method", exact=True)).to_be_visible()

    third = train(page, "third")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    third.refresh_from_db()
    assert third.status == RunStatus.CANCELLED


def test_a_knob_that_is_refused_is_shown_where_it_was_set_and_a_preset_is_shown_at_once(engineer, page_of):
    page = page_of(engineer)
    page.goto("/admin/training/datasetsnapshot/")
    page.get_by_role("link", name="Train", exact=True).first.click()
    batch = page.locator("[name=batch_s]")
    before = batch.get_attribute("placeholder")
    page.get_by_label("Preset").select_option("l4x2-turbo-bf16")
    expect(batch).not_to_have_attribute("placeholder", before)
    page.get_by_label("Preset").select_option("cpu-demo")
    expect(batch).to_have_attribute("placeholder", before)
    page.locator("[name=target_r]").fill("99")
    page.locator("input[type=submit]").click()
    expect(page.get_by_text("init_r must be greater than target_r.")).to_be_visible()
    assert not Run.objects.exists()


def test_a_search_is_started_and_its_winner_becomes_a_run(engineer, page_of):
    page = page_of(engineer)
    page.goto("/admin/training/datasetsnapshot/")
    page.get_by_role("link", name="Search for good knobs").first.click()
    page.get_by_label("Name", exact=True).fill("wide")
    page.locator("[name=trials]").fill("4")
    page.locator("[name=steps]").fill("160")
    page.locator("input[type=submit]").click()
    expect(page.get_by_role("heading", name="wide")).to_be_visible()  # a page on its way is not reloaded
    with_reports(Search.objects.get(name="wide"))  # as its process would have left it
    page.reload()
    expect(page.locator("svg").first).to_be_visible()
    page.get_by_role("button", name="Train with the knobs of trial 1").click()
    run = Run.objects.get()
    expect(page.get_by_role("heading", name=str(run))).to_be_visible()
    assert run.config["max_steps"] == 160
