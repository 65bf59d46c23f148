"""A dictation with text, as rows: for its pages and exports. No sound, no engine."""

from uuid import uuid4

from django.utils import timezone

from accounts.models import Site, User
from annotation.models import Recording
from inference.models import LiveSession, LiveSessionStatus, LiveUtterance, utterance_uuid
from tests.factories import make_model

SENTENCES = [
    ("服用 Ambuloone 五百毫克", 300, 2_000),
    ("每日兩次", 2_300, 4_000),
    ("下週回診", 7_000, 8_000),
]
DOUBTFUL = {"Ambuloone": 0.2, "毫": 0.6}


def make_session(
    user: User, site: Site, recording: Recording | None = None, sentences: list = SENTENCES
) -> LiveSession:
    session = LiveSession.objects.create(
        uuid=uuid4(),
        user=user,
        site=site,
        model=make_model(),
        status=LiveSessionStatus.STORED if recording else LiveSessionStatus.ENDED,
        spool_path=f"live/{uuid4()}.pcm",
        received_ms=8_500,
        ended_at=timezone.now(),
        recording=recording,
    )
    for index, (text, start_ms, end_ms) in enumerate(sentences):
        LiveUtterance.objects.create(
            uuid=utterance_uuid(session.uuid, index),
            session=session,
            index=index,
            text=text,
            words=words_of(text, start_ms),
            start_ms=start_ms,
            end_ms=end_ms,
            heard_at=timezone.now(),
        )
    return session


def words_of(text: str, start_ms: int) -> list[dict]:
    """Latin words and single hanzi, sure but for DOUBTFUL; one of them with an alternative."""
    found = [part if part.isascii() else list(part) for part in text.split()]
    parts = [word for part in found for word in ([part] if isinstance(part, str) else part)]
    return [
        {
            "text": word,
            "start_ms": start_ms + 100 * at,
            "end_ms": start_ms + 100 * at + 100,
            "probability": DOUBTFUL.get(word, 0.95),
            "alternatives": ["Amlodipine"] if word == "Ambuloone" else [],
        }
        for at, word in enumerate(parts)
    ]
