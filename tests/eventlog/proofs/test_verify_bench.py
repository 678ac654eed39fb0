"""Speed of verification compared with another library. Printed with -s; no time is asserted."""

from collections.abc import Callable

import pymerkle
import pytest

from placet.devtools.benchmarks.eventlog.verify import verify_rows


def theirs(leaves: list[bytes], indexes: list[int]) -> Callable[[], object]:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    root, proofs = tree.get_root(), [(tree.get_leaf(n + 1), tree.prove_inclusion(n + 1)) for n in indexes]
    return lambda: [pymerkle.verify_inclusion(leaf, root, proof) for leaf, proof in proofs]


@pytest.mark.perf
def test_verification_is_compared_with_another_library() -> None:
    judged = [row for row in verify_rows("", 3, lambda _: None, theirs) if row.judged]
    print(*(row.to_json() for row in judged), sep="\n")  # noqa: T201 - shown with -s
    assert [row.reference_name for row in judged] == ["pymerkle"]
