"""What every transport keeps to, told once and run over each of them."""

import signal
import time

import pytest

from tests.conformance.world import World

pytestmark = [pytest.mark.processes, pytest.mark.promise("P6")]


def test_every_event_is_answered_once_and_in_the_order_of_its_stream(world: World) -> None:
    world.carry()
    world.start("member")
    world.note(30, 10)
    world.wait_until_answered()
    world.is_whole()


def test_what_came_before_a_member_is_answered_too(world: World) -> None:
    world.note(10, 5)
    world.carry()
    world.start("member")
    world.wait_until_answered()
    world.is_whole()


def test_a_member_that_ends_and_comes_again_goes_on_where_it_was(world: World) -> None:
    world.carry()
    first = world.start("member")
    world.note(10, 5)
    world.wait_until_answered()
    world.kill(first, signal.SIGTERM)
    world.note(10, 5)
    world.start("member")
    world.wait_until_answered()
    world.is_whole()


def test_a_member_killed_in_the_middle_loses_nothing_and_nothing_happens_twice(world: World) -> None:
    world.carry()
    first = world.start("member", LEDGER_SLOW_SECONDS="0.01")
    world.note(20, 10)
    world.wait(lambda: world.answered() > 20)
    world.kill(first)
    world.start("member")
    world.wait_until_answered()
    world.is_whole()


def test_a_second_member_comes_and_goes_in_the_middle_of_work(world: World) -> None:
    world.carry()
    world.start("member", LEDGER_SLOW_SECONDS="0.005")
    world.note(20, 5)
    second = world.start("member", LEDGER_SLOW_SECONDS="0.005")
    world.note(20, 10)
    world.wait(lambda: world.answered() > 150)
    world.kill(second)
    world.note(20, 5)
    world.wait_until_answered()
    world.is_whole()


def test_a_member_that_slept_past_its_time_can_do_no_harm_when_it_wakes(world: World) -> None:
    world.carry()
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
    world.is_whole()


def test_poison_parks_its_stream_and_the_others_go_on(world: World) -> None:
    world.carry()
    world.note(1, 3, "1", "poison", "3")
    poisoned = world.streams.pop()
    world.start("member")
    world.note(10, 5)
    world.wait_until_answered()
    world.wait(lambda: world.count("SELECT count(*) FROM eventlog_dead_letter WHERE stream = %s", poisoned) == 2)
    assert [e.fact.text for e in world.log.read(world.answer_of(poisoned))] == ["1"]


def test_the_sequencer_killed_under_load_costs_nothing(world: World) -> None:
    world.carry()
    world.start("member")
    world.note(20, 5)
    world.kill(world.started[0])
    world.note(20, 3)
    world.start("sequencer")
    world.note(20, 2)
    world.wait_until_answered()
    world.is_whole()
