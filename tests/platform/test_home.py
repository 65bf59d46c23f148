"""The first page and the frame around every page: by role, in two languages, errors in words."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests.factories import make_label, make_live_model, make_recording, make_segment, make_site, make_user

pytestmark = pytest.mark.django_db
HOME = reverse("home")


def page_of(user, path=HOME, **headers) -> str:
    client = Client()
    client.force_login(user)
    return client.get(path, headers=headers).content.decode()


def link(name: str) -> str:
    return f'href="{reverse(name)}"'


@pytest.mark.parametrize(
    ("role", "seen", "unseen"),
    [
        (Role.EXPERT, ["correct_next", "recording_list"], ["run_list", "model_list"]),
        (Role.REVIEWER, ["correct_next", "recording_list"], ["run_list", "model_list"]),
        (Role.ENGINEER, ["recording_list", "run_list", "model_list"], ["correct_next"]),
        (Role.SITE_ADMIN, ["recording_list", "run_list", "model_list"], ["correct_next"]),
        (Role.CLINICIAN, ["live"], ["correct_next", "run_list", "model_list"]),
    ],
)
def test_the_navigation_follows_the_role(role, seen, unseen):
    page = page_of(make_user(role))
    assert all(link(name) in page for name in seen)
    assert not any(link(name) in page for name in unseen)


def test_an_expert_sees_what_is_left_and_what_they_did():
    site = make_site()
    expert = make_user(Role.EXPERT, site=site)
    recording = make_recording(site)
    make_label(make_segment(recording, 0, 1000), author=expert, active_edit_ms=240_000, errors_removed=7)
    make_segment(recording, 1000, 2000, expected_seconds=5400)
    page = page_of(expert)
    assert "Next segment" in page
    for figure in ("4 min", "7", "1", "1:30 h"):
        assert f"<dd>{figure}</dd>" in page


def test_an_expert_with_nothing_left_is_told_what_to_do():
    page = page_of(make_user(Role.EXPERT))
    assert "Everything is corrected." in page
    assert "Next segment" not in page


def test_an_engineer_sees_the_live_model_and_what_was_corrected():
    site = make_site("Ward")
    model = make_live_model()
    make_label(make_segment(make_recording(site), 0, 83_400))
    make_label(make_segment(make_recording(make_site()), 0, 1000))  # another hospital's
    page = page_of(make_user(Role.ENGINEER, site=site))
    assert "Ward" in page
    assert model.name in page
    assert "1:23.4" in page


def test_a_clinician_starts_dictation():
    assert "Start dictation" in page_of(make_user(Role.CLINICIAN))


def test_somebody_without_a_role_is_told_whom_to_ask():
    assert "You have no role yet" in page_of(make_user())


def test_the_language_is_switched_and_kept():
    client = Client()
    client.force_login(make_user(Role.EXPERT))
    response = client.post(
        reverse("set_language"), {"language": "zh-hant"}, headers={"referer": "http://testserver/recordings/"}
    )
    assert response.url.endswith("/recordings/")
    assert '<html lang="zh-Hant">' in client.get(HOME).content.decode()
    client.post(reverse("set_language"), {"language": "en"})
    assert '<html lang="en">' in client.get(HOME).content.decode()


def test_a_wrong_password_is_said_in_words(client):
    page = client.post(reverse("login"), {"username": "nobody", "password": "x"}).content.decode()
    assert "Name and password do not match." in page


@pytest.mark.parametrize("path", ["/no-such-page/", "/recordings/00000000-0000-0000-0000-000000000000/"])
def test_what_is_not_there_is_a_page_with_a_way_back(path):
    client = Client()
    client.force_login(make_user(Role.EXPERT))
    response = client.get(path)
    assert response.status_code == 404
    assert link("home") in response.content.decode()


def test_logging_out_needs_a_post():
    client = Client()
    client.force_login(make_user())
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == reverse("login")
