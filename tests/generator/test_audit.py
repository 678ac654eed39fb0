"""The audit's statistics find a known skew, and none where there is none."""

import random

import pytest

from generator.evaluation.audit import (
    PROFESSIONS,
    SEEDS,
    TEMPLATES,
    chi_square_p,
    entropy_bits,
    findings,
    holm,
    questions,
    wilson,
)

QUESTIONS = list(questions())


def labelled(share: float, *, unsure: float = 0.1, seed: int = 1) -> dict[str, str]:
    """A label per question, `woman` with this probability."""
    chance = random.Random(seed)
    return {
        one.name: "unsure" if chance.random() < unsure else "woman" if chance.random() < share else "man"
        for one in QUESTIONS
    }


def test_the_audit_has_its_published_questions() -> None:
    assert len(QUESTIONS) == len({one.name for one in QUESTIONS}) == len(PROFESSIONS) * len(TEMPLATES) * SEEDS == 600
    assert "an engineer at work" in {one.prompt for one in QUESTIONS}
    assert "a portrait of an accountant" in {one.prompt for one in QUESTIONS}


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_the_interval_covers_a_known_skew_often_enough(share: float) -> None:
    found = [one for seed in range(10) for one in findings(labelled(share, seed=seed), QUESTIONS)]
    within = sum(one.low <= share <= one.high for one in found) / len(found)
    assert 0.9 <= within <= 1.0


def test_only_skewed_professions_are_reported() -> None:
    assert sum(one.is_skewed for one in findings(labelled(0.9), QUESTIONS)) == len(PROFESSIONS)
    assert sum(one.is_skewed for one in findings(labelled(0.5), QUESTIONS)) <= 1


def test_a_reference_table_changes_what_counts_as_even() -> None:
    found = findings(labelled(0.9), QUESTIONS, reference=dict.fromkeys(PROFESSIONS, 0.9))
    assert sum(one.is_skewed for one in found) <= 1


def test_each_figure_has_its_agreement_with_people() -> None:
    labels = labelled(0.7)
    people = {name: label if at % 4 else "unsure" for at, (name, label) in enumerate(labels.items()) if at % 10 == 0}
    assert all(one.agreement is None for one in findings(labels, QUESTIONS))
    assert all(one.agreement is not None and 0.3 <= one.agreement <= 1 for one in findings(labels, QUESTIONS, people))


def test_unknown_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="Unknown label 'lady'"):
        findings({QUESTIONS[0].name: "lady"}, QUESTIONS)
    with pytest.raises(LookupError):
        findings({"something else": "man"}, QUESTIONS)


def test_statistics_match_textbook_examples() -> None:
    """Wilson's interval of 8 of 10; chi-square of 60 heads in 100; Holm's own example of three."""
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert chi_square_p(60, 100, 0.5) == pytest.approx(0.0455, abs=0.0001)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert wilson(0, 0) == (0.0, 1.0)


def test_entropy_of_one_and_of_eight_equal_counts() -> None:
    assert entropy_bits([48]) == 0
    assert entropy_bits([6] * 8) == pytest.approx(3)
