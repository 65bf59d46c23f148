"""API keys: made by who may, shown once, stored as a hash, no more than the person they act as."""

import pytest

from accounts.models import Membership, Role
from audit.models import Entry
from base.errors import DomainError, Forbidden
from inference.models import ApiKey, Scope
from inference.selectors import callers
from inference.selectors.callers import Unauthenticated, caller_of
from inference.services.keys import api_key_create, api_key_revoke, api_key_touch, token_issue
from tests.factories import PASSWORD, make_site, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def administrator(site):
    return make_user(Role.SITE_ADMIN, site=site)


@pytest.fixture
def clinician(site):
    return make_user(Role.CLINICIAN, site=site)


@pytest.fixture
def made(administrator, clinician, site):
    return api_key_create(by=administrator, user=clinician, site=site, name="ward tablet", scopes=["live"])


def test_a_key_speaks_for_its_person_at_its_site(made, clinician, site):
    key, secret = made
    caller = caller_of(secret)
    assert (caller.user, caller.site, caller.key) == (clinician, site, key)
    caller.require(Scope.LIVE)
    with pytest.raises(Forbidden, match="transcribe"):
        caller.require(Scope.TRANSCRIBE)


def test_the_secret_is_not_in_the_database_nor_in_the_audit(made):
    key, secret = made
    stored = {str(value) for value in ApiKey.objects.values().get(pk=key.pk).values()}
    told = str(list(Entry.objects.values()))
    assert not any(secret in value for value in stored)
    assert secret not in told and key.hash not in told
    assert Entry.objects.get(verb="api_key_created").detail["name"] == "ward tablet"


@pytest.mark.parametrize("secret", ["", "auscult_nothing", "ek_nothing", "ek_e30.x", "ek_", "鍵"])
def test_an_unknown_secret_opens_nothing(secret):
    with pytest.raises(Unauthenticated):
        caller_of(secret)


def test_a_revoked_key_opens_nothing_and_its_tokens_neither(made, administrator):
    key, secret = made
    token, _ = token_issue(caller=caller_of(secret), seconds=60)
    assert caller_of(token).key == key
    api_key_revoke(by=administrator, key=key)
    api_key_revoke(by=administrator, key=key)
    for each in (secret, token):
        with pytest.raises(Unauthenticated, match="revoked"):
            caller_of(each)
    assert Entry.objects.filter(verb="api_key_revoked").count() == 1


def test_a_key_ends_with_the_role_of_its_person(made, clinician):
    Membership.objects.filter(user=clinician).delete()
    with pytest.raises(Unauthenticated):
        caller_of(made[1])


def test_a_key_ends_with_the_account_of_its_person(made, clinician):
    clinician.is_active = False
    clinician.save()
    with pytest.raises(Unauthenticated):
        caller_of(made[1])


def test_a_token_expires(made, monkeypatch):
    token, expires_at = token_issue(caller=caller_of(made[1]), seconds=30)
    assert caller_of(token).expires_at == expires_at
    monkeypatch.setattr(callers.time, "time", lambda: expires_at + 1)
    with pytest.raises(Unauthenticated, match="expired"):
        caller_of(token)


def test_a_token_makes_no_further_token(made):
    token, _ = token_issue(caller=caller_of(made[1]), seconds=30)
    with pytest.raises(Forbidden):
        token_issue(caller=caller_of(token), seconds=30)


def test_a_token_can_travel_as_a_subprotocol(made):
    token, _ = token_issue(caller=caller_of(made[1]), seconds=30)
    assert not set(token) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_only_the_administrator_of_the_site_makes_and_revokes(made, clinician, site):
    stranger = make_user(Role.SITE_ADMIN)
    for person in (clinician, stranger):
        with pytest.raises(Forbidden):
            api_key_create(by=person, user=clinician, site=site, name="mine", scopes=["live"])
        with pytest.raises(Forbidden):
            api_key_revoke(by=person, key=made[0])


def test_a_key_is_for_somebody_of_the_site_and_for_something(administrator, clinician, site):
    with pytest.raises(Forbidden):
        api_key_create(by=administrator, user=make_user(), site=site, name="other", scopes=["live"])
    with pytest.raises(DomainError, match="may do"):
        api_key_create(by=administrator, user=clinician, site=site, name="other", scopes=["everything"])


def test_its_last_use_is_noted_but_not_written_for_every_request(made):
    key = made[0]
    api_key_touch(key=key)
    key.refresh_from_db()
    first = key.last_used_at
    api_key_touch(key=key)
    key.refresh_from_db()
    assert first is not None and key.last_used_at == first


@pytest.fixture
def admin_page(client, administrator):
    administrator.is_staff = True
    administrator.save()
    client.login(username=administrator.username, password=PASSWORD)
    return client


def test_the_admin_shows_the_secret_once(admin_page, clinician, site):
    fields = {"name": "ward tablet", "site": site.pk, "user": clinician.pk, "scopes": ["live", "transcribe"]}
    shown = admin_page.post("/admin/inference/apikey/add/", fields)
    key = ApiKey.objects.get()
    assert key.scopes == ["transcribe", "live"] and key.created_by.memberships.get().site == site
    secret = shown.content.decode().split('value="auscult_')[1].split('"')[0]
    assert caller_of(f"auscult_{secret}").key == key
    assert "no-store" in shown.headers["Cache-Control"]
    for page in ("/admin/inference/apikey/", f"/admin/inference/apikey/{key.pk}/change/"):
        answer = admin_page.get(page)
        assert answer.status_code == 200
        assert secret not in answer.content.decode()


def test_the_admin_revokes(admin_page, made):
    chosen = {"action": "revoke", "_selected_action": [made[0].pk]}
    assert admin_page.post("/admin/inference/apikey/", chosen).status_code == 302
    with pytest.raises(Unauthenticated):
        caller_of(made[1])


def test_the_admin_refuses_a_person_of_another_site(admin_page, site):
    other = make_user(Role.CLINICIAN)
    fields = {"name": "x", "site": site.pk, "user": other.pk, "scopes": ["live"]}
    assert admin_page.post("/admin/inference/apikey/add/", fields).status_code == 200
    assert not ApiKey.objects.exists()
