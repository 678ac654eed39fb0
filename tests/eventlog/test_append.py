"""Append and read, with one writer and with two."""

import uuid

import psycopg
import pytest
from django.db import connection, transaction

from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.store.errors import MixedStream, PreconditionFailed, WrongExpectedVersion
from placet.eventlog.store.event import ERASED
from placet.eventlog.store.log import ANY, Append, EventLog, current_log
from tests.eventlog.ledger import EntryNoted, LeaveEnded, LeaveGiven, NameNoted
from tests.support.cast import ANA


def account() -> str:
    return f"account-{uuid.uuid4()}"


def leave() -> str:
    return f"leave-{uuid.uuid4()}"


@pytest.mark.django_db
def test_what_is_appended_is_read_back_in_order() -> None:
    log, stream = current_log(), account()
    log.append(stream, [EntryNoted("one"), EntryNoted("two")], expected=0)
    log.append(stream, [EntryNoted("three")], expected=2)
    assert [e.fact.text for e in log.read(stream)] == ["one", "two", "three"]
    assert [e.version for e in log.read(stream, after=1)] == [2, 3]
    assert [e.version for e in log.read_last(stream, 2)] == [2, 3]


@pytest.mark.django_db
def test_the_second_of_two_writers_at_one_version_is_refused() -> None:
    log, stream = current_log(), account()
    log.append(stream, [EntryNoted("mine")], expected=0)
    with pytest.raises(WrongExpectedVersion) as refusal:
        log.append(stream, [EntryNoted("yours")], expected=0)
    assert (refusal.value.expected, refusal.value.actual) == (0, 1)
    assert log.read(stream).version == 1


@pytest.mark.promise("P2")
@pytest.mark.django_db
def test_a_stream_has_no_holes() -> None:
    log, stream = current_log(), account()
    with pytest.raises(WrongExpectedVersion):
        log.append(stream, [EntryNoted("too far"), EntryNoted("further")], expected=3)
    assert log.read(stream).version == 0


@pytest.mark.promise("P6")
@pytest.mark.django_db
def test_a_repeated_command_returns_its_first_result_and_writes_nothing() -> None:
    log, stream, command = current_log(), account(), str(uuid.uuid4())
    first = log.append(stream, [EntryNoted("once")], expected=0, command_id=command)
    log.append(stream, [EntryNoted("later")], expected=1)
    again = log.append(stream, [EntryNoted("once")], expected=0, command_id=command)
    assert again.was_duplicate
    assert again.event_ids == first.event_ids
    assert log.read(stream).version == 2


@pytest.mark.promise("P6")
@pytest.mark.django_db
def test_all_streams_of_one_write_are_written_or_none() -> None:
    log, one, two = current_log(), account(), account()
    log.append(two, [EntryNoted("moved on")], expected=0)
    with pytest.raises(WrongExpectedVersion):
        log.append_all([Append(one, [EntryNoted("a")], 0), Append(two, [EntryNoted("b")], 0)])
    assert log.read(one).version == 0


@pytest.mark.django_db
def test_one_write_may_hold_several_commands_for_one_stream() -> None:
    log, stream = current_log(), account()
    commands = [str(uuid.uuid4()) for _ in range(3)]
    writes = [Append(stream, [EntryNoted(c)], n, command_id=c) for n, c in enumerate(commands)]
    assert [a.version for a in log.append_all(writes)] == [1, 2, 3]
    assert [e.fact.text for e in log.read(stream)] == commands


@pytest.mark.promise("P1")
@pytest.mark.django_db
def test_a_decision_with_a_failed_precondition_is_not_written() -> None:
    log, precondition, stream = current_log(), leave(), account()
    log.append(precondition, [LeaveGiven("ben")], expected=0)
    log.append(stream, [EntryNoted("while it stands")], expected=0, preconditions={precondition: 1})
    log.append(precondition, [LeaveEnded("ben")], expected=1)
    with pytest.raises(PreconditionFailed) as refusal:
        log.append(stream, [EntryNoted("too late")], expected=1, preconditions={precondition: 1})
    assert refusal.value.moved == {precondition: (1, 2)}
    assert "changed from version 1 to 2; nothing was written" in str(refusal.value)
    assert log.read(stream).version == 1


@pytest.mark.django_db
def test_preconditions_of_both_decisions_of_a_write_are_checked() -> None:
    log, precondition, one, two = current_log(), leave(), account(), account()
    log.append(precondition, [LeaveGiven("ben")], expected=0)
    log.append(precondition, [LeaveGiven("eve")], expected=1)
    stale = Append(one, [EntryNoted("stale")], 0, {precondition: 1})
    fresh = Append(two, [EntryNoted("fresh")], 0, {precondition: 2})
    for writes in ([stale, fresh], [fresh, stale]):
        with pytest.raises(PreconditionFailed):
            log.append_all(writes)


@pytest.mark.promise("P2")
@pytest.mark.django_db
def test_appends_with_any_version_are_numbered_without_a_gap() -> None:
    log, stream = current_log(), account()
    for n in range(5):
        log.append(stream, [EntryNoted(str(n))], expected=ANY)
    assert [e.version for e in log.read(stream)] == [1, 2, 3, 4, 5]


@pytest.mark.promise("P6")
@pytest.mark.django_db
def test_an_append_ends_with_the_callers_transaction() -> None:
    stream = account()
    with transaction.atomic():
        current_log().append(stream, [EntryNoted("never")], expected=0)
        transaction.set_rollback(True)
    assert current_log().read(stream).version == 0


@pytest.mark.django_db
def test_a_fact_is_refused_on_a_stream_of_another_kind() -> None:
    with pytest.raises(MixedStream):
        current_log().append(leave(), [EntryNoted("wrong room")], expected=0)


@pytest.mark.django_db
def test_personal_data_is_encrypted_in_the_table_and_decrypted_on_read() -> None:
    log, stream = current_log(), account()
    log.append(stream, [NameNoted(ANA, "Ana María")], expected=0)
    event = log.read(stream).events[0]
    assert event.fact.name == "Ana María"
    assert "Ana" not in bytes(event.data).decode() + bytes(event.encrypted).decode()


@pytest.mark.promise("P9")
@pytest.mark.django_db
def test_an_encrypted_field_of_an_erased_subject_reads_erased() -> None:
    log, stream, person = current_log(), account(), str(uuid.uuid4())
    log.append(stream, [NameNoted(person, "soon gone")], expected=0)  # type: ignore[arg-type]  # a person of this test
    install_vault().destroy(person)
    assert EventLog(log.connection).read(stream).events[0].fact.name is ERASED


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    "statement", ["UPDATE eventlog_event SET type = 'x'", "DELETE FROM eventlog_event", "TRUNCATE eventlog_event"]
)
@pytest.mark.django_db
def test_the_application_cannot_change_the_past(statement: str) -> None:
    current_log().append(account(), [EntryNoted("kept")], expected=0)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.atomic():
        connection.connection.execute(statement)


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    "statement",
    ["UPDATE eventlog_event SET type = 'x'", "DELETE FROM eventlog_event", "TRUNCATE eventlog_event CASCADE"],
)
def test_not_even_the_owner_changes_the_past_by_mistake(statement: str, owner_dsn: str) -> None:
    current_log().append(account(), [EntryNoted("kept")], expected=0)
    with psycopg.connect(owner_dsn) as owner, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(statement)
