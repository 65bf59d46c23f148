"""The lexicon's page over HTTP: what is shown to whom, changed in place, brought in from a file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.models import Term
from annotation.selectors import term_pages
from annotation.services.terms import term_add
from tests.factories import make_term

pytestmark = pytest.mark.django_db


@pytest.fixture
def term(cast):
    return term_add(user=cast.annotator, site=cast.site, text="Metformin", aliases="二甲雙胍", kind="drug")


def shown(response):
    return [row["term"].text for row in response.context["rows"]]


def test_the_table_shows_the_terms_of_ones_own_sites(client, cast, term):
    make_term("Elsewhere")
    client.force_login(cast.engineer)
    response = client.get(reverse("lexicon"))
    assert shown(response) == ["Metformin"]
    assert "Edit" not in response.text
    client.force_login(cast.clinician)
    assert client.get(reverse("lexicon")).status_code == 403


@pytest.mark.parametrize("query", ["METF", "二甲双", "ejsg", "èr jiǎ", "er jia shuang"])
def test_a_term_is_found_by_any_of_its_forms(client, cast, term, query):
    make_term("Aspirin", site=cast.site, search="aspirin")
    client.force_login(cast.annotator)
    assert shown(client.get(reverse("lexicon"), {"q": query})) == ["Metformin"]


def test_filters_stand_in_the_address_and_nonsense_is_left_out(client, cast, term):
    make_term("Aspirin", site=cast.site, kind="other", active=False)
    client.force_login(cast.annotator)

    def with_filters(**filters):
        return shown(client.get(reverse("lexicon"), filters))

    assert with_filters(kind="drug") == ["Metformin"]
    assert with_filters(kind="nonsense", site="nowhere", after="x", id="y") == ["Metformin"]
    assert with_filters(shown="off") == ["Aspirin"]
    assert with_filters(shown="all", site=cast.site.slug) == ["Aspirin", "Metformin"]
    assert with_filters(q="。。") == []


def test_pages_follow_one_another_without_gap_or_repeat(client, cast, monkeypatch):
    monkeypatch.setattr(term_pages, "PAGE_SIZE", 2)
    names = ["Aspirin", "Bisoprolol", "Colchicine", "Digoxin", "Entecavir"]
    for name in names:
        make_term(name, site=cast.site)
    client.force_login(cast.annotator)
    seen, query = [], ""
    for _ in range(10):
        response = client.get(f"{reverse('lexicon')}?{query}")
        seen += shown(response)
        query = response.context["onward"]
        if not query:
            break
    assert seen == names


def test_a_term_is_added_in_place(client, cast):
    client.force_login(cast.annotator)
    values = {"site": cast.site.slug, "text": "血壓", "aliases": "BP", "pinyin": "", "kind": "other"}
    response = client.post(reverse("lexicon_add"), values)
    assert response["HX-Trigger"] == "lexicon-changed"
    assert "xuè yā" in response.text
    assert Term.objects.get().aliases == ["BP"]

    again = client.post(reverse("lexicon_add"), values)
    assert "is in the lexicon already" in again.text
    assert 'value="BP"' in again.text  # what was typed is still there
    assert "HX-Trigger" not in again


def test_an_outsider_cannot_add_to_a_site_that_is_not_theirs(client, cast):
    client.force_login(cast.outsider)
    response = client.post(reverse("lexicon_add"), {"site": cast.site.slug, "text": "x", "kind": "other"})
    assert "Choose the site" in response.text
    assert not Term.objects.exists()


def test_a_row_is_edited_in_place(client, cast, term):
    client.force_login(cast.reviewer)
    assert "二甲雙胍" in client.get(reverse("lexicon_edit", args=[term.uuid])).text
    values = {
        "text": "Metformin XR",
        "aliases": "二甲雙胍 | Glucophage",
        "pinyin": term.pinyin,
        "kind": "drug",
    }
    response = client.post(reverse("lexicon_change", args=[term.uuid]), values)
    assert "Metformin XR" in response.text
    refused = client.post(reverse("lexicon_change", args=[term.uuid]), values | {"text": "..."})
    assert "There is no letter" in refused.text
    assert "<form" in refused.text
    term.refresh_from_db()
    assert (term.text, term.aliases) == ("Metformin XR", ["二甲雙胍", "Glucophage"])


def test_a_term_is_switched_off_and_on(client, cast, term):
    client.force_login(cast.reviewer)
    assert "switched off" in client.post(reverse("lexicon_switch", args=[term.uuid]), {"active": "0"}).text
    term.refresh_from_db()
    assert not term.active
    client.post(reverse("lexicon_switch", args=[term.uuid]), {"active": "1"})
    term.refresh_from_db()
    assert term.active


@pytest.mark.parametrize("name", ["lexicon_row", "lexicon_edit", "lexicon_change", "lexicon_switch"])
def test_somebody_elses_term_is_not_found(client, cast, term, name):
    client.force_login(cast.outsider)
    address = reverse(name, args=[term.uuid])
    method = client.post if name in ("lexicon_change", "lexicon_switch") else client.get
    assert method(address).status_code == 404


def send(client, cast, content, **more):
    upload = SimpleUploadedFile("list.csv", content)
    return client.post(reverse("lexicon_import"), {"site": cast.site.slug, "file": upload, **more})


def test_a_list_is_looked_at_before_it_is_imported(client, cast, term):
    client.force_login(cast.reviewer)
    content = "詞彙,別名,類別\nmetformin,庫魯化,\nAspirin,阿斯匹靈,藥物\n,x,\nWarfarin,,vegetable\n".encode(
        "cp950"
    )
    looked = send(client, cast, content)
    assert "Big5" in looked.text
    assert "The term is missing." in looked.text
    assert "The kind is none of" in looked.text
    assert Term.objects.count() == 1

    done = send(client, cast, content, do="1")
    assert "Imported into" in done.text
    assert Term.objects.get(key="metformin").aliases == ["二甲雙胍", "庫魯化"]
    assert set(Term.objects.values_list("key", flat=True)) == {"metformin", "aspirin"}


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"\x81\x00\xff\xff", "neither UTF-8 nor Big5"), (b"\n\n", "holds no terms")]
)
def test_a_file_that_is_no_list_gets_a_sentence(client, cast, content, sentence):
    client.force_login(cast.reviewer)
    assert sentence in send(client, cast, content).text


def test_an_expert_may_not_import(client, cast):
    client.force_login(cast.annotator)
    assert send(client, cast, b"Aspirin\n").status_code == 403
    assert client.get(reverse("lexicon_import")).status_code == 403


def test_the_export_holds_what_the_filters_leave(client, cast, term):
    make_term("Aspirin", site=cast.site)
    make_term("Elsewhere")
    client.force_login(cast.annotator)
    response = client.get(reverse("lexicon_csv"), {"kind": "drug"})
    assert response.content.decode("utf-8-sig").splitlines() == [
        "term,aliases,pinyin,kind,active",
        "Metformin,二甲雙胍,èr jiǎ shuāng guā,drug,yes",
    ]
