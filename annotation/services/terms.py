"""A site's terms: added, changed, switched off. Nothing is deleted; every change is in the audit."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Site, User
from accounts.selectors import require_role
from annotation.models import Term, TermKind
from annotation.selectors.terms import ADDERS, MANAGERS, may_change
from annotation.texts.pinyin import has_hanzi, pinyin_of
from annotation.texts.suggestions import as_search, forms_of
from annotation.texts.term_files import aliases_from, problem_of
from audit.services import entry_add
from base.errors import Conflict, DomainError, Forbidden
from speech import lexicon
from speech.text import normalise

PROBLEMS = {
    "no_text": gettext_lazy("The term is missing."),
    "damaged": gettext_lazy("Some characters of it are damaged: save the file again as UTF-8."),
    "no_letters": gettext_lazy("There is no letter, number or hanzi in the term."),
    "starts_with_sign": gettext_lazy("A term or alias may not start with =, +, - or @."),
    "too_long": gettext_lazy("It is too long: a term and an alias have at most 120 characters."),
    "too_many_aliases": gettext_lazy("It has more than 20 aliases."),
    "no_pinyin": gettext_lazy("The pinyin has no Latin letter."),
    "kind_unknown": gettext_lazy("The kind is none of drug, dose, diagnosis, procedure, anatomy, other."),
}


def term_add(
    *,
    user: User | None,
    site: Site,
    text: str,
    aliases: str = "",
    pinyin: str = "",
    kind: str = TermKind.OTHER,
) -> Term:
    """`aliases` separated by |. Without a user (the demo) nobody is asked for a role.

    Raises DomainError with a code of PROBLEMS, Conflict `term_exists` or `term_switched_off`.
    """
    if user is not None:
        require_role(user, *ADDERS, site=site)
    term = Term(site=site, added_by=user, kind=kind)
    written(term, text, aliases_from(aliases), pinyin)
    known = Term.objects.filter(site=site, key=term.key).first()
    if known is not None:
        raise _exists(known)
    try:
        with transaction.atomic():
            term.save()
            entry_add(actor=user, verb="term_added", target=term, site=site, text=term.text)
    except IntegrityError:  # two people at the same moment
        raise _exists(Term.objects.get(site=site, key=term.key)) from None
    return term


def term_change(*, user: User, term: Term, text: str, aliases: str, pinyin: str, kind: str) -> Term:
    """Reviewers and site administrators change every term, an expert what they added themselves."""
    _require_may_change(user, term)
    before = {"text": term.text, "aliases": term.aliases, "pinyin": term.pinyin, "kind": term.kind}
    term.kind = kind
    # Pinyin that was only worked out must not stay with a term that reads otherwise now.
    kept = "" if text != term.text and pinyin == term.pinyin else pinyin
    written(term, text, aliases_from(aliases), kept)
    known = Term.objects.filter(site=term.site, key=term.key).exclude(pk=term.pk).first()
    if known is not None:
        raise _exists(known)
    try:
        with transaction.atomic():
            term.save()
            entry_add(actor=user, verb="term_changed", target=term, site=term.site, before=before)
    except IntegrityError:
        raise _exists(Term.objects.get(site=term.site, key=term.key)) from None
    return term


def term_switch(*, user: User, term: Term, active: bool) -> Term:
    """Off: it is suggested, found and counted no more, and can be switched on again."""
    _require_may_change(user, term)
    if term.active != active:
        with transaction.atomic():
            term.active = active
            term.save(update_fields=["active", "updated_at"])
            verb = "term_switched_on" if active else "term_switched_off"
            entry_add(actor=user, verb=verb, target=term, site=term.site)
    return term


def written(term: Term, text: str, aliases: Sequence[str], pinyin: str) -> None:
    """Puts the words into the row, with what follows from them. Raises DomainError: a code of PROBLEMS."""
    text, pinyin = " ".join(text.replace("\x00", "").split()), " ".join(pinyin.replace("\x00", "").split())
    key = normalise(text)
    others = tuple(alias for alias in aliases if normalise(alias) != key)
    problem = problem_of(text, others, pinyin)
    if problem:
        raise DomainError(problem, str(PROBLEMS[problem]))
    if not pinyin:
        pinyin = pinyin_of(next((form for form in (text, *others) if has_hanzi(form)), ""))
    term.text, term.key, term.aliases, term.pinyin = text, key, list(others), pinyin[:255]
    term.search = as_search(forms_of(lexicon.Term(text, others), term.pinyin))


def _require_may_change(user: User, term: Term) -> None:
    if not may_change(user, term):
        roles = ", ".join(str(role.label) for role in MANAGERS)
        message = _("Only who added this term, or the role %(roles)s at %(site)s, may change it.")
        raise Forbidden("role_missing", message % {"roles": roles, "site": term.site.name})


def _exists(known: Term) -> Conflict:
    if not known.active:
        message = _("“%(term)s” is in the lexicon already, but switched off.")
        return Conflict("term_switched_off", message % {"term": known.text}, uuid=str(known.uuid))
    return Conflict(
        "term_exists", _("“%(term)s” is in the lexicon already.") % {"term": known.text}, uuid=str(known.uuid)
    )
