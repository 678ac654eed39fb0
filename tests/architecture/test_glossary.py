"""One word for one thing: names, docstrings, messages and pages keep to docs/glossary.toml."""

import ast
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = tomllib.loads((ROOT / "docs" / "glossary.toml").read_text())
DENIED: dict[str, str] = GLOSSARY["instead"]
ELSEWHERE: dict[str, list[str]] = GLOSSARY["elsewhere"]
ROOMS = ("platform/", "moderation/", "provenance/", "generator/")
WORD = re.compile(r"[A-Za-z]+")
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def files(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists() and "/migrations/" not in name]


def product() -> list[str]:
    return [name for name in files("*.py") if name.startswith(ROOMS)]


def identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name


def texts(tree: ast.AST) -> Iterator[str]:
    """Docstrings, messages and every other string with a space in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def comments(source: str) -> Iterator[str]:
    return (line.partition("#")[2] for line in source.splitlines() if "#" in line)


def denied_in(source: str, allowed: Mapping[str, str] = DENIED) -> set[str]:
    """The denied words of a Python file: in names, strings and comments."""
    tree = ast.parse(source)
    words = {part.lower() for name in identifiers(tree) for part in PARTS.findall(name)}
    words |= {word.lower() for text in [*texts(tree), *comments(source)] for word in WORD.findall(text)}
    return words & allowed.keys()


def allowed_in(name: str) -> set[str]:
    return {word for prefix, words in ELSEWHERE.items() if name.startswith(prefix) for word in words}


@pytest.mark.parametrize("name", product())
def test_code_uses_the_glossary(name: str) -> None:
    found = denied_in((ROOT / name).read_text()) - allowed_in(name)
    assert {word: DENIED[word] for word in sorted(found)} == {}


@pytest.mark.parametrize("name", files("*.md", "*.js", "*.css", "Makefile", "scripts/*"))
def test_pages_use_the_glossary(name: str) -> None:
    text = (ROOT / name).read_text()
    found = {word.lower() for word in WORD.findall(text)} & DENIED.keys() - allowed_in(name)
    assert {word: DENIED[word] for word in sorted(found)} == {}


def test_every_public_class_name_is_unique() -> None:
    paths = defaultdict(list)
    for name in product():
        for node in ast.parse((ROOT / name).read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                paths[node.name].append(name)
    assert {name: found for name, found in paths.items() if len(found) > 1 and name not in GLOSSARY["twice"]} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "class ChoreRunner:\n    pass",
        '"""Whoever asks is served."""',
        "def f():\n    raise ValueError('the asker has left')",
        "x = _('It is told anew')",
        "told_by = 1",
        "# a parked event waits",
        "from placet import progress as told",
    ],
)
def test_a_planted_denied_word_is_found(planted: str) -> None:
    assert denied_in(planted)


def test_similar_words_are_left_alone() -> None:
    assert denied_in('"""Tellurium and mendacity: an amended floor plan."""\nbeside_the_point_not = 1') == {"beside"}
    assert denied_in("amended = toldo = 1") == set()


def test_each_denied_word_has_another_to_use() -> None:
    assert all(DENIED.values())
    assert not DENIED.keys() & GLOSSARY["terms"].keys()
    assert list(GLOSSARY["terms"]) == sorted(GLOSSARY["terms"])
    assert list(DENIED) == sorted(DENIED)
