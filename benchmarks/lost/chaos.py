"""Random edits, and what breaks between them; the count of what was not as typed afterwards."""

import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from rapidfuzz.distance import Levenshtein

from benchmarks.lost.person import Person
from benchmarks.lost.servers import Line, Server

LETTERS = "病人服用每日血壓心電圖追蹤回診metformin aspirin 500mg,。"
LONGEST_TEXT = 160
# How often each happens after an edit; the rest of the time nothing does.
ACCIDENTS = {
    "tab crashes": 0.07,
    "tab is closed": 0.06,
    "browser is killed": 0.04,
    "network is cut": 0.08,
    "answer is lost": 0.10,
    "server is killed": 0.03,
}


@dataclass
class Tally:
    edits: int = 0
    characters_lost: int = 0
    characters_changed: int = 0
    overwritten_versions: int = 0
    accidents: Counter[str] = field(default_factory=Counter)

    def compare(self, typed: str, found: str) -> None:
        for step in Levenshtein.editops(typed, found):
            if step.tag == "delete":
                self.characters_lost += 1
            else:
                self.characters_changed += 1


class Chaos:
    """One person, one segment after the other. What they typed is kept here, and compared."""

    def __init__(self, person: Person, server: Server, line: Line, rng: random.Random) -> None:
        self.person, self.server, self.line, self.rng = person, server, line, rng
        self.tally = Tally()
        self.typed = ""
        self.uuid: UUID

    def correct(self, uuid: UUID, heard: str, edits: int, must: tuple[str, ...] = ()) -> str:
        """Edits one segment through accidents (those that `must` happen among them) -> what was typed."""
        self.uuid, self.typed = uuid, heard
        self.person.open(uuid)
        due = dict(zip(self.rng.sample(range(edits), len(must)), must, strict=True))
        for number in range(edits):
            self._edit()
            accident = due.get(number) or self._draw()
            if accident:
                self.tally.accidents[accident] += 1
                self._happen(accident)
        return self.typed

    def _edit(self) -> None:
        at = self.rng.randrange(len(self.typed) + 1)
        is_full = len(self.typed) > LONGEST_TEXT
        removed = self.rng.randrange(min(20 if is_full else 4, len(self.typed) - at + 1))
        text = "".join(self.rng.choices(LETTERS, k=self.rng.randrange(1, 9)))
        if removed and (is_full or self.rng.random() < 0.3):
            text = ""
        self.person.type(at, removed, text)
        self.typed = self.typed[:at] + text + self.typed[at + removed :]
        self.tally.edits += 1
        self.person.page.wait_for_timeout(self.rng.choice((0, 0, 0, 50, 300, 900)))

    def _draw(self) -> str | None:
        at = self.rng.random()
        for accident, share in ACCIDENTS.items():
            at -= share
            if at < 0:
                return accident
        return None

    def _happen(self, accident: str) -> None:
        person = self.person
        if accident == "tab crashes":
            person.crash_tab()
        elif accident == "tab is closed":
            person.close_tab()
        elif accident == "browser is killed":
            person.wait_until("kept", "true")  # what the page promises, and no more
            person.kill_browser()
        elif accident == "network is cut":
            person.context.set_offline(True)
            for _ in range(self.rng.randrange(1, 3)):
                self._edit()
            if self.rng.random() < 0.5:
                person.crash_tab()
            person.context.set_offline(False)
        elif accident == "answer is lost":
            self.line.swallow(self.rng.randrange(1, 4))
            self._edit()
            person.page.wait_for_timeout(self.rng.choice((300, 1200)))
            if self.rng.random() < 0.5:
                person.crash_tab()
            self.line.swallow(0)
        elif accident == "server is killed":
            self.server.kill()
            self._edit()
            if self.rng.random() < 0.5:
                person.close_tab()
            self.server.start()
        self._look_again()

    def _look_again(self) -> None:
        """Back on the page, where it has gone: the text is there, or counts as lost."""
        if "/correct/" not in self.person.page.url:
            self.person.open(self.uuid)
        if not self.person.wait_for_text(self.typed):
            found = self.person.text()
            self.tally.compare(self.typed, found)
            self.typed = found
