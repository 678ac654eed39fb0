"""No function over 40 lines, no file over 400: in the product and in the tests. Tables may be long."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_LINES = 40
FILE_LINES = 400
TABLES = {"settings.py", "urls.py", "flow.py"}


def sources() -> list[str]:
    """Python files that git tracks; migrations are generated."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if "migrations/" not in name and (ROOT / name).exists()]


def too_long(name: str, source: str) -> list[str]:
    """What is over its size, decorators and docstrings included."""
    lines = len(source.splitlines())
    found = [f"{name}: {lines} lines"] if lines > FILE_LINES and Path(name).name not in TABLES else []
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return found + [f"{name}: {f.name} has {lines_of(f)} lines" for f in functions if lines_of(f) > FUNCTION_LINES]


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return (node.end_lineno or node.lineno) - first + 1


def test_no_function_and_no_file_is_too_long() -> None:
    names = sources()
    assert len(names) > 500
    assert [line for name in names for line in too_long(name, (ROOT / name).read_text())] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f():\n" + "    x = 1\n" * 40, "f has 41 lines"),
        ("class C:\n    @staticmethod\n    async def g():\n" + "        x = 1\n" * 39, "g has 41 lines"),
        ("x = 1\n" * 401, "401 lines"),
    ],
    ids=["function", "method with a decorator", "file"],
)
def test_a_planted_long_one_is_found(source: str, found: str) -> None:
    assert too_long("planted.py", source) == [f"planted.py: {found}"]


def test_the_limit_itself_passes() -> None:
    assert too_long("planted.py", "def f():\n" + "    x = 1\n" * 39) == []
    assert too_long("planted.py", "x = 1\n" * 400) == []
    assert too_long("urls.py", "x = 1\n" * 401) == [], "a table may be long"
