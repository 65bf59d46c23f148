"""A term list from a file: first what it would do, line by line, then it is done.

The browser sends the file both times, so that nothing has to be kept in between and nothing can grow stale.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.requests import person
from accounts.selectors import require_role, sites_for_user
from annotation.selectors.terms import MANAGERS
from annotation.services.term_imports import Fate, Import, RowResult, terms_import, terms_preview
from annotation.services.terms import PROBLEMS
from annotation.texts.term_files import TermFileError, TermRow, read_term_file
from base.errors import DomainError

MOST_BYTES = 10 << 20
MOST_SHOWN = 300
ENCODINGS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp950": "Big5", "big5hkscs": "Big5"}
FILE_ERRORS = {
    "encoding": gettext_lazy(
        "The file is neither UTF-8 nor Big5. Save it from the spreadsheet as “CSV UTF-8”."
    ),
    "empty": gettext_lazy("The file holds no terms."),
    "too_many": gettext_lazy("The file has more than 50,000 lines. Split it."),
}
FATES = {
    Fate.NEW: gettext_lazy("new"),
    Fate.CHANGED: gettext_lazy("merged"),
    Fate.SAME: gettext_lazy("there already"),
    Fate.REFUSED: gettext_lazy("left out"),
}
CHANGES = {
    "aliases": gettext_lazy("aliases added"),
    "pinyin": gettext_lazy("pinyin"),
    "kind": gettext_lazy("kind"),
    "active": gettext_lazy("switched on or off"),
    "spelling": gettext_lazy("spelling"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report."""

    number: int
    text: str
    fate: str
    code: str
    note: str


@require_http_methods(["GET", "HEAD", "POST"])
def lexicon_import(request: HttpRequest) -> HttpResponse:
    """GET the form; POST `site` (slug), `file`, and `do`=1 to import: the report."""
    user = person(request)
    require_role(user, *MANAGERS)
    sites = sites_for_user(user, *MANAGERS)
    if request.method != "POST":
        return render(request, "annotation/lexicon_import.html", {"sites": sites})
    try:
        site = sites.filter(slug=request.POST.get("site", "")).first()
        if site is None:
            raise DomainError("site_missing", _("Choose the site whose lexicon this is for."))
        rows, encoding = _read(request)
        step = terms_import if request.POST.get("do") == "1" else terms_preview
        plan = step(user=user, site=site, rows=rows)
    except DomainError as error:
        return render(request, "annotation/lexicon_report.html", {"error": error})
    context = {
        "done": request.POST.get("do") == "1",
        "site": site,
        "encoding": ENCODINGS[encoding],
        "counts": [(fate.value, FATES[fate], plan.count(fate)) for fate in Fate],
        "useful": plan.count(Fate.NEW) + plan.count(Fate.CHANGED),
        **_lines(plan),
    }
    return render(request, "annotation/lexicon_report.html", context)


def _read(request: HttpRequest) -> tuple[list[TermRow], str]:
    upload = request.FILES.get("file")
    if upload is None:
        raise DomainError("no_file", _("Choose a file first."))
    if (upload.size or 0) > MOST_BYTES:
        raise DomainError("file_too_large", _("The file is larger than 10 MB."))
    try:
        return read_term_file(upload.read())
    except TermFileError as error:
        raise DomainError(error.code, str(FILE_ERRORS[error.code])) from error


def _lines(plan: Import) -> dict[str, object]:
    """What is left out comes first: that is what a person has to look at."""
    order = list(Fate)[::-1]
    told = [result for result in plan.results if result.fate != Fate.SAME]
    told.sort(key=lambda result: order.index(result.fate))
    return {"lines": [_line(result) for result in told[:MOST_SHOWN]], "untold": len(told[MOST_SHOWN:])}


def _line(result: RowResult) -> Line:
    row = result.row
    if result.fate == Fate.REFUSED:
        note = str(PROBLEMS[row.problem])
    else:
        note = ", ".join(str(CHANGES[change]) for change in result.changes)
    return Line(row.line, row.text, str(FATES[result.fate]), result.fate.value, note)
