"""axe-core finds no serious violation on any page: each one with rows on it, light and dark, both languages.

A new page is one line in PAGES.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page

from accounts.models import Role, Site, User
from annotation.models import Recording, RecordingStatus, Segment, SegmentStatus
from config import home
from inference.models import LiveSession
from tests.factories import (
    make_hypothesis,
    make_label,
    make_live_model,
    make_recording,
    make_segment,
    make_site,
    make_user,
)
from tests.inference.dictated import make_session
from tests.training.rows import (
    make_approved,
    make_rivals,
    make_run,
    make_search,
    make_snapshot,
    with_reports,
)
from training.models import DatasetSnapshot, Run, Search

LANGUAGES = ("zh-hant", "en")
EVERY_ROLE = tuple(Role)


@dataclass
class Scene:
    """A hospital at work: rows for every list."""

    site: Site
    people: dict[str, User]
    recording: Recording
    segment: Segment
    done: Segment
    snapshot: DatasetSnapshot
    run: Run
    proven: Run
    rival: Run
    search: Search


@dataclass
class PageOf:
    """Who opens which page, what is done there before it is judged, and how to get there at all."""

    name: str
    who: str  # a key of Scene.people, or "" for nobody
    address: Callable[[Scene], str]
    prepare: Callable[[Page], object] = field(default=lambda page: None)
    breaks: str = ""


def named(name: str, of: str = "") -> Callable[[Scene], str]:
    return lambda scene: reverse(name, args=[getattr(scene, of).uuid] if of else [])


def compared(scene: Scene) -> str:
    return f"{reverse('run_compare')}?a={scene.proven.uuid}&b={scene.rival.uuid}"


def mounted(page: Page) -> None:
    page.wait_for_selector("[data-mounted]:not([hidden]) #text")


def help_open(page: Page) -> None:
    mounted(page)
    page.keyboard.press("Alt+Slash")


def unfolded(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


def in_conflict(page: Page) -> None:
    mounted(page)
    page.locator("#text").fill("我寫的另一句")
    segment = Segment.objects.get(uuid=page.url.rstrip("/").rsplit("/", 1)[1])
    make_label(segment, "同事寫的那一句")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-conflict-panel]:not([hidden])")


def without_token(page: Page) -> None:
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('form'),"
        " {method: 'post', action: '/i18n/setlang/', id: 'bare'})); document.querySelector('#bare').submit()"
    )
    page.wait_for_url("**/setlang/")


def dictated(scene: Scene) -> str:
    session = LiveSession.objects.filter(user=scene.people[Role.CLINICIAN]).latest("pk")
    return reverse("live_session", args=[session.uuid])


def correcting(page: Page) -> None:
    page.locator(".word[data-doubt]").first.click()


PAGES = [
    PageOf("login", "", named("login")),
    *(PageOf(f"home of {role}", role, named("home")) for role in EVERY_ROLE),
    PageOf("home without a role", "nobody", named("home")),
    PageOf("recordings", "expert", named("recording_list")),
    PageOf("no recordings", "newcomer", named("recording_list")),
    PageOf("recording", "expert", named("recording_detail", "recording")),
    PageOf("correct", "expert", named("correct_segment", "segment"), mounted),
    PageOf("correct, keys", "expert", named("correct_segment", "segment"), help_open),
    PageOf("correct again", "expert", named("correct_segment", "done"), mounted),
    PageOf("correct, two texts", "expert", named("correct_segment", "done"), in_conflict),
    PageOf("whole transcript", "expert", named("recording_transcript", "recording")),
    PageOf("lexicon", "reviewer", named("lexicon")),
    PageOf("import into the lexicon", "reviewer", named("lexicon_import")),
    PageOf("words put right everywhere", "expert", named("word_fix_list")),
    PageOf("empty queue", "newcomer", named("correct_next")),
    PageOf("review", "reviewer", named("review_list")),
    PageOf("outcome", "engineer", named("outcome")),
    PageOf("runs", "engineer", named("run_list")),
    PageOf("new run", "engineer", named("run_new", "snapshot")),
    PageOf("dataset snapshot", "engineer", named("snapshot_detail", "snapshot")),
    PageOf(
        "copies of an utterance",
        "engineer",
        lambda scene: reverse("utterance_copies", args=[scene.snapshot.uuid, 1]),
    ),
    PageOf("run", "engineer", named("run_detail", "run")),
    PageOf("run with its proof", "engineer", named("run_detail", "proven"), unfolded),
    PageOf("runs to compare", "engineer", named("run_compare")),
    PageOf("runs compared", "engineer", compared),
    PageOf("searches", "engineer", named("search_list")),
    PageOf("new search", "engineer", named("search_new", "snapshot")),
    PageOf("search", "engineer", named("search_detail", "search")),
    PageOf("models", "engineer", named("model_list")),
    PageOf("models on trial", "engineer", named("canary_list")),
    PageOf("live", "clinician", named("live")),
    PageOf("live, menus open", "clinician", named("live"), unfolded),
    PageOf("earlier dictations", "clinician", named("live_sessions")),
    PageOf("no earlier dictations", "nobody", named("live_sessions")),
    PageOf("one dictation, a word open", "clinician", dictated, correcting),
    PageOf("admin login", "", lambda scene: "/admin/login/"),
    PageOf("admin", "superuser", lambda scene: "/admin/"),
    PageOf("admin list", "superuser", lambda scene: "/admin/annotation/recording/"),
    PageOf("not found", "expert", lambda scene: "/nowhere/"),
    PageOf("not allowed", "clinician", named("correct_next")),
    PageOf("form out of date", "expert", named("home"), without_token),
    PageOf("server error", "expert", named("home"), breaks="queue_summary"),
]


@pytest.fixture
def scene(transactional_db, monkeypatch) -> Scene:
    monkeypatch.setattr("training.services.runs.enqueue_on_commit", lambda *_: None)  # the run waits
    monkeypatch.setattr("training.services.searches.enqueue_on_commit", lambda *_: None)
    site = make_site()
    people: dict[str, User] = {role: make_user(role, site=site) for role in EVERY_ROLE}
    people["nobody"] = make_user()
    people["newcomer"] = make_user(Role.EXPERT, site=make_site())
    people["superuser"] = make_user(superuser=True)
    make_live_model(site=site)
    recording = make_recording(site, audio=True, duration_ms=9000, speaker="陳醫師")
    for status in RecordingStatus.values:
        make_recording(site, status=status)
    texts = ("病人主訴頭痛兩天", "服用 met forming 五百毫克", "血壓一百四十")
    rows = [make_segment(recording, 3000 * at, 3000 * at + 3000, text=text) for at, text in enumerate(texts)]
    doubtful = [
        {"text": text, "start_ms": 300 * at, "end_ms": 300 * at + 300, "probability": 0.2 * at}
        for at, text in enumerate(("服", "用", "met", "forming"))
    ]
    make_hypothesis(rows[1], "服用 met forming 五百毫克", words=doubtful)
    make_label(rows[2], "血壓 140", author=people[Role.EXPERT], status="submitted", active_edit_ms=9000)
    make_segment(recording, 8000, 9000, status=SegmentStatus.UNUSABLE, unusable_reason="overlap")
    make_approved(site)
    make_session(people[Role.CLINICIAN], site)
    snapshot, waiting = make_snapshot(site), make_run(site)
    proven, rival = make_rivals(site)
    search = with_reports(make_search(site))
    return Scene(site, people, recording, rows[1], rows[2], snapshot, waiting, proven, rival, search)


def violations(page: Page, **options: object) -> list[str]:
    """What is serious or critical on the page as it stands: rule, how to see it, where."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("asked", PAGES, ids=lambda one: one.name)
def test_a_page_has_no_serious_violation(asked, context_of, scene, live_server, monkeypatch):
    if asked.breaks:
        monkeypatch.setattr(home, asked.breaks, lambda user: 1 // 0)
    found = []
    for language in LANGUAGES:
        context = context_of(scene.people.get(asked.who) or scene.people["nobody"])
        if not asked.who:
            context.clear_cookies()
        cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}
        context.add_cookies([cookie])
        page = context.new_page()
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(asked.address(scene))
        asked.prepare(page)
        found += [f"{language} light: {each}" for each in violations(page)]
    if "/admin/" in page.url:
        assert not found, "\n".join(found)
        return  # the dark colours of the admin are Django's own
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark: {each}" for each in violations(page, runOnly=["color-contrast"])]
    assert not found, "\n".join(found)


def test_a_violation_is_found(page_of, scene):
    """The check itself: a page that is wrong does not pass."""
    page = page_of(scene.people[Role.EXPERT])
    page.goto("/")
    page.evaluate("document.querySelector('main').innerHTML = '<img src=\"/x.png\"><input>'")
    assert any("image-alt" in each for each in violations(page))
