"""The simulated expert: takes what the queue serves, writes what was really said, goes on.

Knows the reference of the demo recordings, which stands for its ears, and the pages of the product.
"""

from dataclasses import dataclass

from annotation.models import Segment
from benchmarks.loop.person import Person, page_data
from benchmarks.loop.work_time import seconds_of
from speech.metrics import cer
from training.demo.references import References


@dataclass(slots=True)
class Work:
    """What was done so far; `seconds` is the modelled time of the expert."""

    corrected: int = 0
    unusable: int = 0
    seconds: float = 0.0


def correct(person: Person, references: References, segments: int) -> Work:
    """Corrects up to `segments` segments from the queue. Stops early when the queue is empty."""
    work = Work()
    page = person.get("/correct/")
    while work.corrected < segments and "segment-data" in page.text:
        shown, path = page_data(page.text, "segment-data")["segment"], page.url.path
        text = _heard(references, path)
        edits = cer(text, shown["draft_text"]).errors
        seconds = seconds_of(shown["duration_ms"], edits)
        work.seconds += seconds
        if text:
            body = {"text": text, "version": shown["version"], "active_edit_ms": round(seconds * 1000)}
            following = person.post_json(f"{path}submit/", body)["next"]
            work.corrected += 1
        else:
            following = person.post_json(f"{path}unusable/", {"reason": "no_speech"})["next"]
            work.unusable += 1
        page = person.get(following or "/correct/")
    return work


def _heard(references: References, path: str) -> str:
    """What the expert hears when the segment of this page is played."""
    segment = Segment.objects.select_related("recording").get(uuid=path.strip("/").split("/")[-1])
    return references.text(str(segment.recording.uuid), segment.start_ms, segment.end_ms)
