"""Conformance of every transport: the same tests run over each."""

import signal
import time

import pytest

from tests.conformance.world import World

pytestmark = [pytest.mark.processes, pytest.mark.promise("P6")]


def test_every_event_is_answered_once_and_in_the_order_of_its_stream(world: World) -> None:
    world.start_transport()
    world.start("member")
    world.note(30, 10)
    world.wait_until_answered()
    world.assert_complete()


def test_events_before_a_member_are_answered(world: World) -> None:
    world.note(10, 5)
    world.start_transport()
    world.start("member")
    world.wait_until_answered()
    world.assert_complete()


def test_a_restarted_member_continues(world: World) -> None:
    world.start_transport()
    first = world.start("member")
    world.note(10, 5)
    world.wait_until_answered()
    world.kill(first, signal.SIGTERM)
    world.note(10, 5)
    world.start("member")
    world.wait_until_answered()
    world.assert_complete()


def test_a_killed_member_neither_loses_nor_repeats_events(world: World) -> None:
    world.start_transport()
    first = world.start("member", LEDGER_SLOW_SECONDS="0.01")
    world.note(20, 10)
    world.wait(lambda: world.answered() > 20)
    world.kill(first)
    world.start("member")
    world.wait_until_answered()
    world.assert_complete()


def test_a_second_member_starts_and_dies_during_work(world: World) -> None:
    world.start_transport()
    world.start("member", LEDGER_SLOW_SECONDS="0.005")
    world.note(20, 5)
    second = world.start("member", LEDGER_SLOW_SECONDS="0.005")
    world.note(20, 10)
    world.wait(lambda: world.answered() > 150)
    world.kill(second)
    world.note(20, 5)
    world.wait_until_answered()
    world.assert_complete()


def test_a_member_that_slept_past_its_lease_does_no_harm(world: World) -> None:
    world.start_transport()
    sleeper = world.start("member", LEDGER_SLOW_SECONDS="0.02")
    world.note(20, 5)
    world.wait(lambda: world.answered() > 10)
    sleeper.send_signal(signal.SIGSTOP)
    world.start("member")
    world.wait_until_answered()
    world.note(20, 2)
    world.wait_until_answered()
    sleeper.send_signal(signal.SIGCONT)
    world.note(20, 2)
    world.wait_until_answered()
    time.sleep(1)
    world.assert_complete()


def test_poison_makes_dead_letters_of_its_stream_and_others_continue(world: World) -> None:
    world.start_transport()
    world.note(1, 3, "1", "poison", "3")
    poisoned = world.streams.pop()
    world.start("member")
    world.note(10, 5)
    world.wait_until_answered()
    world.wait(lambda: world.count("SELECT count(*) FROM eventlog_dead_letter WHERE stream = %s", poisoned) == 2)
    assert [e.fact.text for e in world.log.read(world.answer_of(poisoned))] == ["1"]


def test_a_sequencer_killed_under_load_loses_nothing(world: World) -> None:
    world.start_transport()
    world.start("member")
    world.note(20, 5)
    world.kill(world.started[0])
    world.note(20, 3)
    world.start("sequencer")
    world.note(20, 2)
    world.wait_until_answered()
    world.assert_complete()
