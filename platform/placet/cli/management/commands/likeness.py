"""Manage your likeness: enrol, set who may use it, revoke."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, get_args

from placet.cli.actor import ActingCommand, command_id, parse_uuid, read_file
from placet.cli.wait import wait_until_projected
from placet.cli.wait_likeness import enrolment_outcome, wait_until_revoked
from placet.eventlog.store.event import stream_name
from placet.kernel.ids import GenerationId
from placet.likeness import commands
from placet.likeness.consent import Consent, consent_of
from placet.likeness.events import EnrolmentRequested, Level
from placet.media.sandbox_client import normalise_image
from placet.media.storage import private
from placet.people.queries import Person, find_by_name, name_of


class Command(ActingCommand):
    help = "Manage your likeness: enrol a portrait, set who may use it, remove clips, revoke consent"
    group = "Actions"
    acts_as = "Ana"
    needs = "likeness.manage"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self.verb(verbs, "enrol", "enrol a portrait").add_argument("file", help="JPEG, PNG or WebP with one face")
        self.verb(verbs, "allow", "allow a person to request clips of you").add_argument("name", help="person to allow")
        self.verb(verbs, "block", "block a person from requesting clips of you").add_argument(
            "name", help="person to block"
        )
        self.verb(verbs, "level", "set who may request clips of you").add_argument(
            "level", choices=get_args(Level), help="who may request clips of you"
        )
        self.verb(verbs, "remove", "remove a clip of you and its remixes").add_argument("id", help="id of the clip")
        revoke = self.verb(verbs, "revoke", "revoke consent from one person, or from everyone")
        revoke.add_argument("name", nargs="?", help="person to revoke it from (default: everyone)")
        self.verb(verbs, "show", "show your settings")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        match options["verb"]:
            case "enrol":
                return self._enrol(actor, options["file"])
            case "revoke":
                return self._revoke(actor, options["name"])
            case "allow":
                commands.allow(self.log, actor.person, find_by_name(options["name"]).person, command_id())
            case "block":
                commands.block(self.log, actor.person, find_by_name(options["name"]).person, command_id())
            case "level":
                commands.set_level(self.log, actor.person, options["level"], command_id())
            case "remove":
                clip = GenerationId(parse_uuid(options["id"], "clip", "placet notices"))
                commands.remove_clip(self.log, actor.person, clip, command_id())
        wait_until_projected(self.tick)
        return self._state(actor)

    def _enrol(self, actor: Person, file: str) -> Mapping[str, Any]:
        portrait = private().keep(actor.person, normalise_image(read_file(file)))
        before = self.log.heads([consent_of(actor.person), stream_name(EnrolmentRequested, actor.person)])
        commands.request_enrolment(self.log, actor.person, portrait, command_id())
        code, hint = enrolment_outcome(before, self.tick)
        wait_until_projected(self.tick)
        return {"ok": code == "enrolled", "state": code, "hint": hint}

    def _revoke(self, actor: Person, name: str | None) -> Mapping[str, Any]:
        requester = find_by_name(name).person if name else None
        commands.revoke(self.log, actor.person, requester, command_id())
        return {**wait_until_revoked(actor.person, self.tick), **self._state(actor)}

    def _state(self, actor: Person) -> Mapping[str, Any]:
        consent = Consent.replay(self.log.read(consent_of(actor.person)))
        return {
            "person": str(actor.name),
            "is_enrolled": consent.enrolled is not None,
            "level": consent.level,
            "is_revoked": consent.is_revoked,
            "allowed": sorted(name_of(p) for p in consent.grants),
            "blocked": sorted(name_of(p) for p in consent.blocked),
        }
