"""Erasure of personal data outside the log: stored API responses, sessions, mails. Found by id, without decryption."""

from collections.abc import Iterable
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session

from placet.people.models import IdempotencyKeyRow

CONCERNS: Final = "X-Placet-Concerns"
"""Header of every mail: ids of its recipient and of the people it names, so that an erasure finds it."""
BETWEEN_MAILS: Final = b"-" * 79 + b"\n"


def drop_rows(person: str) -> None:
    """Delete stored API responses and the sessions of every browser."""
    IdempotencyKeyRow.objects.filter(person=person).delete()
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == person:
            session.delete()


def drop_mails(person: str) -> int:
    """Delete mails in this install's folder that are to this person or name them. Sent mails are out of reach."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = [file for file in folder.glob("*") if file.is_file()] if folder.is_dir() else []
    dropped = [file for file in files if person in _concerned(file.read_bytes())]
    for file in dropped:
        file.unlink(missing_ok=True)
    return len(dropped)


def _concerned(file: bytes) -> set[str]:
    return {one.strip() for mail in file.split(BETWEEN_MAILS) for one in _ids(mail)}


def _ids(mail: bytes) -> Iterable[str]:
    return str(BytesHeaderParser().parsebytes(mail.lstrip())[CONCERNS] or "").split(",")
