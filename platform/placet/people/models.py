"""Accounts: who may sign in. Names and addresses stay in encrypted fields of the log."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Account(AbstractBaseUser):
    """One person who joined. Signs in by one-time links; there is no password."""

    last_login = None  # sign-ins are not facts about the log, and this row is rebuilt from it
    person = models.UUIDField(primary_key=True)
    roles = models.JSONField(default=list)
    joined_at = models.DateTimeField()

    USERNAME_FIELD = "person"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = BaseUserManager["Account"]()

    class Meta:
        db_table = "people_account"

    def has_role(self, role: str) -> bool:
        """Whether this account holds a role: creator, reviewer, rights_holder, operator."""
        return role in self.roles


class UsedSignInLink(models.Model):
    """A used one-time link: a second use conflicts with this row."""

    nonce = models.UUIDField(primary_key=True)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "people_used_sign_in_link"


class IdempotencyKeyRow(models.Model):
    """An `Idempotency-Key` and the response it got. Rows are deleted after a day; the log remembers the command."""

    id = models.UUIDField(primary_key=True)
    """The command id."""
    person = models.UUIDField()
    digest = models.TextField()
    status = models.IntegerField(null=True)
    response = models.JSONField(null=True)
    requested_at = models.DateTimeField()

    class Meta:
        db_table = "people_idempotency_key"
        indexes = [models.Index(fields=["person", "requested_at"], name="people_idempotency_key_person")]
