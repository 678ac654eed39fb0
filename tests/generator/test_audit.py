"""The audit's statistics find a skew that is known, and none where there is none."""

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

ASKED = list(questions())


def labelled(share: float, *, unsure: float = 0.1, seed: int = 1) -> dict[str, str]:
    """Each question's label, women with this likelihood."""
    chance = random.Random(seed)
    return {
        one.name: "unsure" if chance.random() < unsure else "woman" if chance.random() < share else "man"
        for one in ASKED
    }


def test_the_questions_are_what_the_audit_is_published_as() -> None:
    assert len(ASKED) == len({one.name for one in ASKED}) == len(PROFESSIONS) * len(TEMPLATES) * SEEDS == 600
    assert "an engineer at work" in {one.prompt for one in ASKED}
    assert "a portrait of an accountant" in {one.prompt for one in ASKED}


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_known_skew_is_within_the_interval_as_often_as_it_should_be(share: float) -> None:
    found = [one for seed in range(10) for one in findings(labelled(share, seed=seed), ASKED)]
    within = sum(one.low <= share <= one.high for one in found) / len(found)
    assert 0.9 <= within <= 1.0


def test_the_skewed_are_named_and_the_even_are_not() -> None:
    assert sum(one.is_skewed for one in findings(labelled(0.9), ASKED)) == len(PROFESSIONS)
    assert sum(one.is_skewed for one in findings(labelled(0.5), ASKED)) <= 1


def test_against_a_reference_table_the_same_share_is_even() -> None:
    found = findings(labelled(0.9), ASKED, reference=dict.fromkeys(PROFESSIONS, 0.9))
    assert sum(one.is_skewed for one in found) <= 1


def test_agreement_with_people_stands_beside_each_figure() -> None:
    labels = labelled(0.7)
    people = {name: label if at % 4 else "unsure" for at, (name, label) in enumerate(labels.items()) if at % 10 == 0}
    assert all(one.agreement is None for one in findings(labels, ASKED))
    assert all(one.agreement is not None and 0.3 <= one.agreement <= 1 for one in findings(labels, ASKED, people))


def test_labels_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="'lady' is no label"):
        findings({ASKED[0].name: "lady"}, ASKED)
    with pytest.raises(LookupError):
        findings({"something else": "man"}, ASKED)


def test_figures_from_the_books() -> None:
    """Wilson's interval of 8 of 10; chi-square of 60 heads in 100; Holm's own example of three."""
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert chi_square_p(60, 100, 0.5) == pytest.approx(0.0455, abs=0.0001)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert wilson(0, 0) == (0.0, 1.0)


def test_one_colour_has_no_entropy_and_eight_alike_have_three_bits() -> None:
    assert entropy_bits([48]) == 0
    assert entropy_bits([6] * 8) == pytest.approx(3)
