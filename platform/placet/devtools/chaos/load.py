"""Load: creators request and publish clips, and Ana sometimes revokes all consent. Commands are sent until answered."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from django.db import connection

from placet.devtools.demo.served import fetch
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.eventlog.store.errors import LogError
from placet.eventlog.store.log import EventLog, current_log
from placet.kernel.ids import GenerationId, PersonId
from placet.kernel.refusal import Refusal
from placet.likeness import commands as likeness
from placet.people.commands import join
from placet.people.events import PersonJoined
from placet.studio.commands import RequestGeneration, publish, request_generation
from placet.studio.view_model import GenerationView, generation_view

T = TypeVar("T")
UNAVAILABLE: Final = (*DATABASE_UNAVAILABLE, OSError, LogError)
WORDS: Final = ("a red ball bounces on the grass", "a blue cube rolls on wood", "a green star falls on sand")
CLIPS_A_PERSON: Final = 15
PATIENCE_SECONDS: Final = 300.0
SERVED_FOR_SECONDS: Final = 5.0
LOOKED_BACK: Final = 50


@dataclass
class Acknowledged:
    """What was acknowledged to the callers; all of it must be in the log."""

    asked: list[str] = field(default_factory=list)
    ended: int = 0
    """Clips whose requester saw the outcome."""
    published: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    """Ids of the commands."""
    looked: int = 0
    served_after: list[str] = field(default_factory=list)
    """Clips that were served later than P3 allows."""
    broken: list[str] = field(default_factory=list)
    """Errors of callers."""


class UserLoad:
    """`creators` threads that request clips, and one that revokes, until stopped."""

    def __init__(self, ana: PersonId, origin: Callable[[], str], seed: int, creators: int = 2) -> None:
        self.ana, self.origin = ana, origin
        self.acknowledged = Acknowledged()
        self.step = "begin"
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._recorded, args=(self._create, random.Random(seed + n)), daemon=True)
            for n in range(creators)
        ]
        self._threads.append(
            threading.Thread(target=self._recorded, args=(self._revoke, random.Random(seed - 1)), daemon=True)
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for_an_end(self, seconds: float, tend: Callable[[], object]) -> None:
        """Wait until one more clip has ended: kills that come faster than clips begin would test nothing.

        `tend` is called meanwhile: the death of the last victim may be noticed only now.
        """
        before = self.acknowledged.ended
        self._wait(lambda: self.acknowledged.ended != before, seconds, tend)

    def wait_for_a_look(self, seconds: float, tend: Callable[[], object]) -> None:
        """Wait until Ana has revoked and checked once whether a clip of her is still served. `tend` as above."""
        self._wait(lambda: self.acknowledged.looked > 0, seconds, tend)

    def _wait(self, is_so: Callable[[], bool], seconds: float, tend: Callable[[], object]) -> None:
        until = time.monotonic() + seconds
        while not is_so() and not self.acknowledged.broken and time.monotonic() < until:
            tend()
            time.sleep(0.2)

    def stop(self) -> None:
        """Send no further command; those in progress are sent until they are answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _recorded(self, work: Callable[[random.Random], None], chance: random.Random) -> None:
        try:
            work(chance)
        except Exception as error:  # noqa: BLE001  whatever it was, it is reported with the result
            self.acknowledged.broken.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def _create(self, chance: random.Random) -> None:
        requester, clips = self._new_person(chance), 0
        while not self._stop.is_set():
            if clips == CLIPS_A_PERSON:
                requester, clips = self._new_person(chance), 0
            clips += 1
            self._one_clip(requester, chance)

    def _new_person(self, chance: random.Random) -> PersonId:
        person = PersonId(str(uuid.UUID(int=chance.getrandbits(128), version=4)))
        fact = PersonJoined(person, f"creator {person[:8]}", f"{person[:8]}@example.org", ("creator",))
        self._sent(lambda log: join(log, fact, str(uuid.uuid5(uuid.UUID(person), "join"))))
        return person

    def _one_clip(self, requester: PersonId, chance: random.Random) -> None:
        command = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        cameos = (self.ana,) if chance.random() < 0.6 else ()
        request = RequestGeneration(command, requester, chance.choice(WORDS), cameos, seconds=1.0)
        generation = self._sent(lambda log: request_generation(log, request))
        self.acknowledged.asked.append(generation)
        ended = self._ended(generation)
        self.acknowledged.ended += 1
        if ended.state == "draft":
            self._publish(requester, generation)

    def _publish(self, requester: PersonId, generation: GenerationId) -> None:
        command = str(uuid.uuid5(uuid.UUID(generation), "publish"))
        try:
            state = self._sent(lambda log: publish(log, generation, requester, command))
        except Refusal:
            return  # Ana revoked first
        if state == "published":
            self.acknowledged.published.append(generation)

    def _ended(self, generation: GenerationId) -> GenerationView:
        until = time.monotonic() + PATIENCE_SECONDS
        while not (found := self._sent(lambda _log: generation_view(generation))).has_ended:
            self.step = found.state
            if time.monotonic() > until:
                raise TimeoutError(f"generation {generation} stays {found.state}")
            time.sleep(0.1)
        return found

    def _revoke(self, chance: random.Random) -> None:
        while not self._stop.wait(chance.uniform(5, 12)):
            shown = [g for g in self.acknowledged.published[-LOOKED_BACK:] if self._shows_ana(g)]
            command = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            self.step = "revoke"
            self._revoke_consent(command)
            time.sleep(SERVED_FOR_SECONDS)
            for generation in shown[-5:]:
                self._look_up(generation)
            self._consent(str(uuid.uuid5(uuid.UUID(command), "again")))

    def _revoke_consent(self, command: str) -> None:
        self._sent(lambda log: likeness.revoke(log, self.ana, None, command))
        self.acknowledged.revoked.append(command)

    def _consent(self, command: str) -> None:
        self._sent(lambda log: likeness.set_level(log, self.ana, "everyone", command))

    def _look_up(self, generation: str) -> None:
        status, _ = self._sent(lambda _log: fetch(self.origin(), f"/media/{generation}.mp4", self.ana))
        self.acknowledged.looked += 1
        if status == 200:
            self.acknowledged.served_after.append(generation)

    def _shows_ana(self, generation: str) -> bool:
        return self.ana in self._sent(lambda _log: generation_view(generation)).cameos

    @staticmethod
    def _sent(call: Callable[[EventLog], T]) -> T:
        """Send the same command until it is answered. What PostgreSQL did not answer may have been done."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return call(current_log())
            except UNAVAILABLE as lost:
                if time.monotonic() > until:
                    raise TimeoutError(f"no answer: {type(lost).__name__}") from lost
                connection.close()
                time.sleep(0.3)
