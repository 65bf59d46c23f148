"""The demo hospital's lexicon: the terms of its grammar, as a pharmacy's or a ward's list would name them."""

from accounts.models import Site
from annotation.models import TermKind
from annotation.services.term_imports import terms_import
from annotation.texts.term_files import TermRow
from speech.grammar import DEMO_LEXICON
from speech.grammar.templates import load_rules

_KIND_OF_RULE = {
    "drug": TermKind.DRUG,
    "procedure": TermKind.PROCEDURE,
    "icd_code": TermKind.DIAGNOSIS,
}
_PROCEDURES = {
    *("PTCD", "ERCP", "CVVH", "TURP", "PCN", "extubation", "thoracentesis", "tracheostomy"),
    *("paracentesis", "debridement"),
}
_DIAGNOSES = {
    "SPN",
    "HCC",
    "DVT",
    "BPH",
    "atelectasis",
    "cellulitis",
    "delirium",
    "hypokalemia",
    "tachycardia",
}
_DOSES = {"titrate", "taper", "loading"}
# Other names that the ward uses.
_ALIASES = {
    "Amlodipine": ("脈優", "Norvasc"),
    "Clopidogrel": ("保栓通", "Plavix"),
    "Vancomycin": ("萬古黴素",),
    "Dexamethasone": ("迪皮質醇",),
    "Amiodarone": ("臟得樂",),
    "TPN": ("全靜脈營養",),
    "DVT": ("深部靜脈栓塞",),
    "BPH": ("良性攝護腺肥大",),
    "atelectasis": ("肺塌陷",),
    "cellulitis": ("蜂窩性組織炎",),
}


def lexicons_make() -> None:
    """The same terms at every site, so that each has its own to change."""
    rules = load_rules(DEMO_LEXICON.name)
    rows = [
        TermRow(0, text, _ALIASES.get(text, ()), kind=_kind(rule, text))
        for rule in ("drug", "abbreviation_term", "term_en", "procedure", "icd_code")
        for text in rules[rule]
    ]
    for site in Site.objects.all():
        terms_import(user=None, site=site, rows=rows)


def _kind(rule: str, text: str) -> str:
    if rule in _KIND_OF_RULE:
        return _KIND_OF_RULE[rule]
    for kind, names in (
        (TermKind.PROCEDURE, _PROCEDURES),
        (TermKind.DIAGNOSIS, _DIAGNOSES),
        (TermKind.DOSE, _DOSES),
    ):
        if text in names:
            return kind
    return TermKind.OTHER
