"""The lexicon's table: looked through by whoever sees the site, added to by experts, kept by reviewers."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import person
from accounts.selectors import require_role, sites_for_user
from annotation.models import Term, TermKind
from annotation.selectors.recordings import VIEWERS
from annotation.selectors.term_pages import Wanted, narrowed, page_after
from annotation.selectors.terms import ADDERS, MANAGERS, may_change, terms_for_user
from annotation.services.term_imports import term_rows
from annotation.services.terms import term_add, term_change, term_switch
from annotation.texts.term_files import write_term_file
from base.errors import DomainError
from base.loading import found

SHOWN = {"": True, "off": False, "all": None}


class LexiconFilter(forms.Form):
    """The filters, as they stand in the address; one that makes no sense is left out."""

    q = forms.CharField(required=False, max_length=120)
    kind = forms.ChoiceField(choices=[("", ""), *TermKind.choices], required=False)
    site = forms.CharField(required=False)
    shown = forms.ChoiceField(choices=[(name, name) for name in SHOWN], required=False)
    after = forms.CharField(required=False)
    id = forms.IntegerField(required=False)

    def wanted(self, user: User) -> Wanted:
        self.is_valid()
        values = self.cleaned_data
        site = sites_for_user(user, *VIEWERS).filter(slug=values.get("site") or "").first()
        after, pk = values.get("after"), values.get("id")
        return Wanted(
            q=(values.get("q") or "").replace("\x00", ""),
            kind=values.get("kind") or "",
            site=site,
            active=SHOWN[values.get("shown") or ""],
            after=(after, pk) if after and pk is not None else None,
        )


class TermForm(forms.Form):
    """What a person writes of one term; whether it can be used is decided by the service."""

    text = forms.CharField(required=False)
    aliases = forms.CharField(required=False)
    pinyin = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=TermKind.choices)

    def values(self) -> dict[str, str]:
        if not self.is_valid():
            raise DomainError("kind_unknown", _("Choose one of the kinds."))
        return dict(self.cleaned_data)


@require_safe
def lexicon(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require_role(user, *VIEWERS)
    filters = LexiconFilter(request.GET)
    wanted = filters.wanted(user)
    terms, last = page_after(narrowed(terms_for_user(user), wanted), wanted)
    context = {
        **_choices(user),
        "rows": [{"term": term, "may_change": may_change(user, term)} for term in terms],
        "filters": filters,
        "filtered": bool(wanted.q or wanted.kind or wanted.site or not wanted.active),
        "query": _address(request.GET),
        "onward": _address(request.GET, after=last.key, id=last.pk) if last else "",
        "further": wanted.after is not None,
        "managed": sites_for_user(user, *MANAGERS),
    }
    return render(request, "annotation/lexicon.html", context)


@require_POST
def lexicon_add(request: HttpRequest) -> HttpResponse:
    """The add form again: empty with what was added, or as it was with what is wrong."""
    user, form = person(request), TermForm(request.POST)
    site = sites_for_user(user, *ADDERS).filter(slug=request.POST.get("site", "")).first()
    context: dict[str, Any] = {**_choices(user), "site": site, "open": True}
    try:
        if site is None:
            raise DomainError("site_missing", _("Choose the site whose lexicon this is for."))
        term = term_add(user=user, site=site, **form.values())
    except DomainError as error:
        return render(request, "annotation/lexicon_add.html", {**context, "form": form, "error": error})
    response = render(request, "annotation/lexicon_add.html", {**context, "added": term})
    response["HX-Trigger"] = "lexicon-changed"
    return response


@require_safe
def lexicon_row(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _row(request, term_of(person(request), uuid))


@require_safe
def lexicon_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The row as a form."""
    term = term_of(person(request), uuid)
    initial = {
        "text": term.text,
        "aliases": " | ".join(term.aliases),
        "pinyin": term.pinyin,
        "kind": term.kind,
    }
    return _edit(request, term, initial)


@require_POST
def lexicon_change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The row, or the form again with what is wrong."""
    term = term_of(person(request), uuid)
    form = TermForm(request.POST)
    try:
        return _row(request, term_change(user=person(request), term=term, **form.values()))
    except DomainError as error:
        return _edit(request, term, request.POST.dict(), error)


@require_POST
def lexicon_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`active` is 1 or 0."""
    term = term_of(person(request), uuid)
    return _row(
        request, term_switch(user=person(request), term=term, active=request.POST.get("active") == "1")
    )


@require_safe
def lexicon_csv(request: HttpRequest) -> HttpResponse:
    """The terms that the filters leave, as a list that imports again to the same."""
    user = person(request)
    require_role(user, *VIEWERS)
    wanted = LexiconFilter(request.GET).wanted(user)
    rows = term_rows(narrowed(terms_for_user(user), wanted))
    # With a BOM, or Excel takes the hanzi for Latin letters.
    response = HttpResponse("\ufeff" + write_term_file(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="lexicon.csv"'
    return response


def term_of(user: User, uuid: UUID) -> Term:
    return found(terms_for_user(user), uuid, "term_unknown", _("There is no such term at your sites."))


def _choices(user: User) -> dict[str, Any]:
    return {
        "kinds": TermKind.choices,
        "sites": sites_for_user(user, *VIEWERS),
        "own_sites": sites_for_user(user, *ADDERS),
    }


def _row(request: HttpRequest, term: Term) -> HttpResponse:
    row = {"term": term, "may_change": may_change(person(request), term)}
    return render(request, "annotation/lexicon_row.html", {"row": row})


def _edit(
    request: HttpRequest, term: Term, values: dict[str, Any], error: DomainError | None = None
) -> HttpResponse:
    context = {"term": term, "values": values, "error": error, "kinds": TermKind.choices}
    return render(request, "annotation/lexicon_edit.html", context)


def _address(query: QueryDict, **place: object) -> str:
    """The filters as a query, at a place of the table or at its start."""
    copy = query.copy()
    for name in ("after", "id"):
        copy.pop(name, None)
    for name, value in place.items():
        copy[name] = str(value)
    return copy.urlencode()
