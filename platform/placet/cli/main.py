"""`placet <command>`: the commands of `manage.py` with hyphens, grouped help and errors that name the next step."""

import ast
import json
import os
import sys
from pathlib import Path
from typing import Final

OWNER_COMMANDS: Final = frozenset({"migrate", "sqlmigrate", "showmigrations"})
GROUPS: Final = (
    "Getting started", "Actions", "Inspect", "Verify", "Operations", "Evaluation", "Other", "Internal",
)  # fmt: skip
USAGE: Final = 2
APPS: Final = ("cli", "devtools")
"""The apps that hold commands of ours."""


def main() -> None:
    """The console script. Exits 0 only if the command succeeded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "placet.config.settings")
    arguments = [sys.argv[0], *(_underscored(word, at) for at, word in enumerate(sys.argv[1:]))]
    if len(arguments) == 1 or (arguments[1] in {"-h", "--help", "help"} and len(arguments) == 2):
        sys.stdout.write(overview())
        return
    if arguments[1] in OWNER_COMMANDS:
        os.environ.setdefault("PLACET_DATABASE_ROLE", "owner")
    sys.exit(_run(arguments))


def _underscored(word: str, at: int) -> str:
    return word.replace("-", "_") if at == 0 and not word.startswith("-") else word


def _run(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    from placet.runtime.install.earlier_release import InstallTooOld

    try:
        execute_from_command_line(arguments)
    except KeyboardInterrupt:
        return 130
    except SystemExit as ended:  # argparse has written the message and the usage
        if ended.code == USAGE and "--json" in arguments:
            _report_failure("usage", "Invalid arguments.", f"placet {arguments[1]} --help")
        raise
    except InstallTooOld as error:
        return _failed(arguments, error.code, str(error), error.hint)
    except OperationalError as error:
        message = f"PostgreSQL does not answer: {str(error).splitlines()[0]}"
        return _failed(arguments, "database_unavailable", message, "placet up")
    return 0


def _failed(arguments: list[str], code: str, message: str, hint: str) -> int:
    sys.stderr.write(f"{message}\n  Next: {hint}\n")
    if "--json" in arguments:
        _report_failure(code, message, hint)
    return 1


def _report_failure(code: str, message: str, hint: str) -> None:
    from placet.cli.command import failure_object

    sys.stdout.write(json.dumps(failure_object(code, message, hint), ensure_ascii=False) + "\n")


def command_files() -> dict[str, Path]:
    """Command name, with underscores -> the file that defines it, in alphabetical order."""
    placet = Path(__file__).parents[1]
    files = (path for app in APPS for path in (placet / app / "management" / "commands").glob("[!_]*.py"))
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}


def overview() -> str:
    """Every command of ours by group, with its help line. Parsed, not imported: commands may be slow to import."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for path in command_files().values():
        described = _described_by(path)
        group = described.get("group", "Other")
        groups.setdefault(group, []).append((path.stem.replace("_", "-"), described.get("help", "")))
    width = max(len(name) for rows in groups.values() for name, _ in rows)
    lines = ["placet: no clip is made, remixed or shown until everyone it concerns has agreed", ""]
    for group in sorted(groups, key=GROUPS.index):
        lines += [f"{group}:", *(f"  {name:<{width}}  {text}" for name, text in groups[group]), ""]
    return "\n".join([*lines, "placet <command> --help shows its arguments; --json prints one JSON object.", ""])


def _described_by(path: Path) -> dict[str, str]:
    """The texts that a command's class sets: `help` and `group`."""
    assigned = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assign)]
    return {
        target.id: node.value.value
        for node in assigned
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
