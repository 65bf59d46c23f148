"""Terms as a person may see them, and a site's lexicon as the pure code reads it."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Role, User
from accounts.selectors import has_role, sites_for_user
from annotation.models import Label, LexiconRevision, Term
from annotation.selectors.recordings import VIEWERS
from annotation.texts.suggestions import Suggester, forms_from
from speech import lexicon
from speech.lexicon import Lexicon

# Who may add a term, and who may change or switch off what others added.
ADDERS = (Role.EXPERT, Role.REVIEWER, Role.SITE_ADMIN)
MANAGERS = (Role.REVIEWER, Role.SITE_ADMIN)

RECENT_LABELS = 300
_SITES_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Kept:
    """What this process keeps of one state of a site's terms."""

    token: UUID
    lexicon: Lexicon
    suggester: Suggester


_kept: dict[int, _Kept] = {}
_lock = Lock()


def terms_for_user(user: User, *roles: Role) -> QuerySet[Term]:
    """Terms of the sites where the person has one of `roles` (a viewer's when none is named)."""
    return Term.objects.filter(site__in=sites_for_user(user, *(roles or VIEWERS))).select_related("site")


def may_change(user: User, term: Term) -> bool:
    """Managers everything, who adds terms what they added themselves."""
    own = term.added_by_id == user.pk and has_role(user, *ADDERS, site=term.site)
    return own or has_role(user, *MANAGERS, site=term.site)


def lexicon_of(site_id: int) -> Lexicon:
    """The site's active terms. Kept in this process until a term changes in whatever process."""
    kept = _current(site_id)
    return kept.lexicon if kept else Lexicon([])


def suggester_of(site_id: int) -> Suggester:
    """What autocomplete asks; kept like the lexicon."""
    kept = _current(site_id)
    return kept.suggester if kept else Suggester([])


def lexicon_token(site_id: int) -> UUID | None:
    """Changes with every change of the site's terms; None while there has been none."""
    return LexiconRevision.objects.filter(site=site_id).values_list("token", flat=True).first()


def terms_to_tell(site_id: int, most: int) -> tuple[str, ...]:
    """What a recogniser is told before it listens, the most important last: terms that the newest labels
    use, the more often the later; before them those that nobody has said lately."""
    if most <= 0:
        return ()
    lexicon = lexicon_of(site_id)
    newest = Label.objects.filter(segment__site=site_id).order_by("-id").values_list("text", flat=True)
    uses = Counter(term for text in newest[:RECENT_LABELS] for term in lexicon.find(text))
    told = sorted(lexicon.terms, key=lambda term: uses[term])[-most:]
    return tuple(term.text for term in told)


def _current(site_id: int) -> _Kept | None:
    # The token is read before the terms: a change in between makes the next call read again.
    token = lexicon_token(site_id)
    if token is None:
        return None
    kept = _kept.get(site_id)
    if kept is None or kept.token != token:
        kept = _read(site_id, token)
        with _lock:
            _kept.pop(site_id, None)
            if len(_kept) >= _SITES_KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[site_id] = kept
    return kept


def _read(site_id: int, token: UUID) -> _Kept:
    rows = Term.objects.filter(site=site_id, active=True).order_by("key")
    terms, forms = [], []
    for text, aliases, kind, search in rows.values_list("text", "aliases", "kind", "search"):
        terms.append(lexicon.Term(text, tuple(aliases), kind))
        forms += forms_from(terms[-1], search)
    return _Kept(token, Lexicon(terms), Suggester(forms))
