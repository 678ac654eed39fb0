"""Random valid histories with events of every room, appended directly to the log."""

import random
import uuid
from typing import Any

from moderation.events import CaseDecided, CaseOpened
from placet.eventlog.store.log import Append, EventLog
from placet.likeness import events as likeness
from placet.people.events import PersonJoined
from placet.rights import events as rights
from placet.studio import events as studio

BATCH = 100


def write_random_events(log: EventLog, chance: random.Random, count: int) -> None:
    """Append at least `count` events."""
    persons = [_id(chance) for _ in range(40)]
    writes, written = [w for p in persons for w in _a_person(p, chance, persons)], 0
    opt_outs, uses = log.heads(["opt-out-registry"])["opt-out-registry"], dict.fromkeys(persons, 0)
    while written < count:
        if chance.random() < 0.1:
            filing = _id(chance)
            filed = rights.OptOutFiled(
                filing, chance.choice(persons), (f"Name {written}",), "", ("generation",), ("*",), None, ""
            )
            writes += [
                Append(f"filing-{filing}", [filed], 0),
                Append("opt-out-registry", [rights.OptOutActivated(filing)], opt_outs),
            ]
            opt_outs += 1
            if chance.random() < 0.3:
                writes.append(Append("opt-out-registry", [rights.OptOutEnded(filing, persons[0])], opt_outs))
                opt_outs += 1
        else:
            writes += _a_generation(chance, persons, uses)
        if len(writes) >= BATCH or written + sum(len(w.facts) for w in writes) >= count:
            written += sum(len(w.facts) for w in writes)
            log.append_all(writes)
            writes = []


def _a_person(person: Any, chance: random.Random, persons: list[Any]) -> list[Append]:
    joined = PersonJoined(person, "Somebody", "", ("creator",))
    consent: list[object] = [likeness.LikenessEnrolled(person, _id(chance), "0" * 64, "none")]
    for _ in range(chance.randrange(6)):
        other = chance.choice(persons)
        consent.append(
            chance.choice(
                [
                    likeness.GrantIssued(person, other), likeness.GrantRevoked(person, other),
                    likeness.ConsentLevelSet(person, chance.choice(["only_me", "everyone"])),
                    likeness.ConsentRevoked(person),
                    likeness.RequesterBlocked(person, other), likeness.RequesterUnblocked(person, other),
                ]
            )
        )  # fmt: skip
    return [Append(f"person-{person}", [joined], 0), Append(f"consent-{person}", consent, 0)]


def _a_generation(chance: random.Random, persons: list[Any], uses: dict[str, int]) -> list[Append]:
    clip, requester, depicted = _id(chance), chance.choice(persons), chance.choice(persons)
    facts: list[object] = [
        studio.GenerationRequested(
            clip, requester, "a red ball", (depicted,), "text", None, (_id(chance),), None, 4.0, 360, 640, 24, 1,
            "scene", "XX",
        )
    ]  # fmt: skip
    steps: list[object] = [
        studio.GenerationApproved(clip, {}, {}),
        studio.GenerationStarted(clip, "1", 1),
        studio.GenerationRendered(clip, "a" * 64, 1, 4.0, "0" * 16, {}, {}),
        studio.OutputApproved(clip),
        studio.GenerationSigned(clip, "b" * 64, "m"),
        studio.GenerationPublished(clip, {}),
        studio.RestrictionApplied(clip, "consent_revoked", (opener := _id(chance))),
        studio.RestrictionApplied(clip, "removed_by_reviewer", _id(chance)),
        studio.RestrictionLifted(clip, "consent_revoked", opener),
    ]
    facts += steps[: chance.randrange(len(steps) + 1)]
    writes = [Append(f"generation-{clip}", facts, 0)]
    if len(facts) > 5:
        writes.append(
            Append(f"use-{depicted}", [likeness.CameoUsed(depicted, clip, requester, "draft")], uses[depicted])
        )
        uses[depicted] += 1
    if chance.random() < 0.2:
        case = _id(chance)
        opened = CaseOpened(case, "hold", f"generation-{clip}", "policy_violence", "rule", False, (), _id(chance))
        decided = CaseDecided(case, f"generation-{clip}", "hold", "approve", requester, "fine")
        writes.append(Append(f"case-{case}", [opened, decided][: chance.randrange(1, 3)], 0))
    return writes


def _id(chance: random.Random) -> Any:
    """A random id."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
