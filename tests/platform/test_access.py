"""Who may see what, and how a refusal is told."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured

from accounts.models import Role
from accounts.selectors import has_role, require_role, sites_for_user
from audit.models import AppendOnlyError, Entry
from audit.services import entry_add
from base.errors import Forbidden
from config import env
from tests.factories import make_site, make_user

pytestmark = pytest.mark.django_db


def test_a_person_sees_only_their_sites():
    here, elsewhere = make_site(), make_site()
    expert = make_user(Role.EXPERT, site=here)
    assert list(sites_for_user(expert)) == [here]
    assert has_role(expert, Role.EXPERT, site=here)
    assert not has_role(expert, Role.EXPERT, site=elsewhere)
    assert not has_role(expert, Role.ENGINEER)
    assert not sites_for_user(AnonymousUser()).exists()


def test_a_refusal_names_the_role():
    clinician = make_user(Role.CLINICIAN, site=make_site())
    with pytest.raises(Forbidden, match="engineer"):
        require_role(clinician, Role.ENGINEER)


def test_every_page_asks_for_a_login(client):
    for path in ["/", "/recordings/", "/correct/", "/runs/", "/models/", "/live/", "/api/schema/"]:
        answer = client.get(path)
        assert answer.status_code in (302, 401, 403), path
        if answer.status_code == 302:
            assert answer["Location"].startswith("/login/"), path


def test_the_past_cannot_be_rewritten():
    site = make_site()
    entry_add(actor=None, verb="site_made", target=site, site=site)
    with pytest.raises(AppendOnlyError):
        Entry.objects.update(verb="other")
    with pytest.raises(AppendOnlyError):
        Entry.objects.all().delete()


@pytest.mark.parametrize("value", ["maybe", "2"])
def test_a_bad_flag_stops_the_process(monkeypatch, value):
    monkeypatch.setenv("AUSCULT_DEBUG", value)
    with pytest.raises(ImproperlyConfigured, match="AUSCULT_DEBUG"):
        env.flag("AUSCULT_DEBUG", False)


@pytest.mark.parametrize("value", ["abc", "0"])
def test_a_bad_number_stops_the_process(monkeypatch, value):
    monkeypatch.setenv("AUSCULT_LEASE_S", value)
    with pytest.raises(ImproperlyConfigured, match="AUSCULT_LEASE_S"):
        env.integer("AUSCULT_LEASE_S", 180, minimum=5)


def test_a_bad_database_address_stops_the_process(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        env.database("mysql://somewhere", tmp_path / "x")
