"""Who and where: sites with their rooms and microphones, people with their roles, speakers."""

from dataclasses import dataclass

from accounts.models import Role
from speech.acoustics import TELEPHONE_BAND_HZ, Channel, Room
from speech.synthesizer import Voice
from speech.voices import DEMO_VARIANTS, HELD_OUT_VARIANTS, espeak_name

PASSWORD = "auscult-demo"


@dataclass(frozen=True, slots=True)
class DemoSite:
    slug: str
    name: str
    channel: Channel


SITES = (
    DemoSite("north", "北區醫院 North", Channel(Room(rt60_s=0.25, distance_m=0.4, seed=1), "pink", 24.0)),
    DemoSite(
        "central", "中區醫院 Central", Channel(Room(rt60_s=0.45, distance_m=0.8, seed=2), "babble", 20.0)
    ),
    DemoSite("south", "南區醫院 South", Channel(None, "hum", 22.0, TELEPHONE_BAND_HZ)),
)


# General speech comes from people at home, as in Common Voice: a laptop, a headset, a phone held in the hand.
HOME_CHANNELS = (
    Channel(Room(rt60_s=0.3, distance_m=0.5, seed=4), "pink", 30.0, gain_db=-4.0),
    Channel(None, "white", 35.0),
    Channel(Room(rt60_s=0.2, distance_m=0.2, seed=5), "brown", 25.0, (100.0, 7000.0)),
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """`sites` empty: everywhere."""

    username: str
    role: Role
    sites: tuple[str, ...] = ()


PEOPLE = (
    DemoPerson("expert", Role.EXPERT),
    DemoPerson("expert2", Role.EXPERT, ("north",)),
    DemoPerson("reviewer", Role.REVIEWER),
    DemoPerson("engineer", Role.ENGINEER),
    DemoPerson("clinician", Role.CLINICIAN, ("north",)),
    DemoPerson("siteadmin", Role.SITE_ADMIN, ("north",)),
)

_RATES_WPM = (150, 165, 180, 195)
_PITCHES = (38, 46, 54, 62)


def _speakers(variants: tuple[str, ...]) -> tuple[Voice, ...]:
    return tuple(
        Voice(espeak_name(variant), _RATES_WPM[i % 4], _PITCHES[(i * 3) % 4])
        for i, variant in enumerate(variants)
    )


# Three disjoint groups: who is recorded, who is in the medical set, who is in the general set.
RECORDED_SPEAKERS = _speakers(DEMO_VARIANTS[:6])
MEDICAL_SET_SPEAKERS = _speakers(DEMO_VARIANTS[6:])
GENERAL_SET_SPEAKERS = _speakers(HELD_OUT_VARIANTS)
