"""What programs ask first: which models there are, and a token for the browser."""

import json

import pytest

from accounts.models import Role
from inference.models import ApiKey, Scope
from inference.selectors.callers import caller_of
from tests.factories import PASSWORD, make_live_model, make_model, make_user
from tests.inference.keys import make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(db):
    make_live_model("fake:live")
    return make_program()


def get(client, address, program):
    return client.get(address, headers=program.headers)


def post(client, address, program, body=None, key=""):
    headers = {"Authorization": f"Token {key}"} if key else program.headers
    return client.post(address, json.dumps(body or {}), content_type="application/json", headers=headers)


def test_the_live_model_comes_first_under_a_name_that_stays(client, program):
    make_model("fake:other")
    listed = get(client, "/v1/models", program).json()
    assert listed["object"] == "list"
    assert listed["data"][0]["id"] == "auscult-live"
    assert {model["object"] for model in listed["data"]} == {"model"}
    for model in listed["data"]:
        assert get(client, f"/v1/models/{model['id']}", program).json() == model


def test_the_vendors_names_mean_the_one_there_is(client, program):
    assert get(client, "/v1/models/whisper-1", program).json()["name"] == "fake:live"


def test_an_unknown_model_is_404_in_openais_shape(client, program):
    answer = get(client, "/v1/models/gpt-7", program)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert "gpt-7" in answer.json()["error"]["message"]


def test_before_the_first_promotion_there_is_no_model(client, db):
    program = make_program()
    assert get(client, "/v1/models", program).json()["data"] == []
    assert get(client, "/v1/models/auscult-live", program).status_code == 404


def test_a_client_secret_opens_what_its_key_opens(client, program):
    answer = post(client, "/v1/realtime/client_secrets", program, {"expires_after": {"seconds": 60}}).json()
    assert answer["value"].startswith("ek_") and answer["session"]["type"] == "transcription"
    caller = caller_of(answer["value"])
    assert (caller.user, caller.expires_at) == (program.user, answer["expires_at"])


def test_deepgrams_grant(client, program):
    answer = post(client, "/v1/auth/grant", program, {"ttl_seconds": 20}, key=program.secret).json()
    assert answer["expires_in"] == 20
    assert caller_of(answer["access_token"]).site == program.site


@pytest.mark.parametrize("body", [{"expires_after": {"seconds": 5}}, {"session": {"type": "realtime"}}])
def test_a_secret_of_another_kind_is_refused(client, program, body):
    answer = post(client, "/v1/realtime/client_secrets", program, body)
    assert answer.status_code == 400 and answer.json()["error"]["param"]


def test_a_token_and_a_key_without_the_scope_make_no_token(client, program, db):
    token = post(client, "/v1/auth/grant", program).json()["access_token"]
    files_only = make_program(Scope.TRANSCRIBE)
    for key in (token, files_only.secret):
        answer = post(client, "/v1/auth/grant", program, key=key)
        assert answer.status_code == 403 and answer.json()["err_code"]


def test_use_is_noted(client, program):
    get(client, "/v1/models", program)
    assert ApiKey.objects.get().last_used_at is not None


def test_another_method_is_405(client, program):
    assert post(client, "/v1/models", program).status_code == 405


def test_no_key_reaches_the_log(client, program, caplog):
    with caplog.at_level("DEBUG"):
        get(client, "/v1/models", program)
        client.get("/v1/models", headers={"Authorization": "Bearer auscult_wrong_key"})
        post(client, "/v1/auth/grant", program)
    assert program.secret not in caplog.text and "auscult_wrong_key" not in caplog.text


def test_the_schema_lists_these_addresses(client, db):
    person = make_user(Role.ENGINEER)
    client.login(username=person.username, password=PASSWORD)
    schema = client.get("/api/schema/?format=json").json()
    assert {"/v1/models", "/v1/audio/transcriptions", "/v1/auth/grant"} <= set(schema["paths"])
    assert "file" in str(schema["paths"]["/v1/audio/transcriptions"])
