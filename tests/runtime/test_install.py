import stat
from pathlib import Path

import pytest

from placet.runtime.install.paths import checkout, home_folder, make_key
from placet.runtime.install.provision import KEY_BYTES, KEYS, SECRETS, provision


def test_keys_are_private_and_never_replaced(tmp_path: Path) -> None:
    provision(tmp_path)
    first = {name: (tmp_path / "keys" / name).read_bytes() for name in (*KEYS, *SECRETS)}
    provision(tmp_path)
    assert first == {name: (tmp_path / "keys" / name).read_bytes() for name in first}
    assert {stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) for name in first} == {0o600}
    assert len(set(first.values())) == len(first)


def test_folders_are_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    provision(home)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (home, *home.iterdir())} == {0o700}


def test_the_first_creation_of_a_key_wins(tmp_path: Path) -> None:
    assert make_key(tmp_path, "some.key", lambda: b"a" * KEY_BYTES) == make_key(tmp_path, "some.key", lambda: b"b")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["some.key"]


def test_a_checkout_keeps_its_data_in_var(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLACET_DATA_DIR")
    assert home_folder() == Path(__file__).resolve().parents[2] / "var"


def test_the_checkout_is_found_from_any_depth(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert checkout(tmp_path / "a" / "b" / "c" / "d" / "paths.py") == tmp_path
    assert checkout(tmp_path.parent / "paths.py") is None
