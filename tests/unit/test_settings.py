"""The host's settings: a wrong one is refused in one sentence that names it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from workhall.settings import SettingsError, load_settings

SECRET = "s" * 32


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("REDIS_URL", "http://localhost", "REDIS_URL is wrong: must start with redis://"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL is wrong: must start with postgresql://"),
        ("STORAGE_URL", "ftp://x", "STORAGE_URL is wrong: must start with file:// or s3://"),
        ("PUBLIC_URL", "nope", "PUBLIC_URL is wrong: must start with http:// or https://"),
        ("CORS_ORIGINS", "http://a, nope", "CORS_ORIGINS is wrong: must start with http://"),
        ("PORT", "abc", "PORT is wrong"),
        ("WORKHALL_ENV", "prod", "WORKHALL_ENV is wrong"),
    ],
)
def test_a_wrong_setting_is_named(
    variable: str, value: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_production_refuses_a_generated_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKHALL_ENV", "production")
    with pytest.raises(SettingsError, match="WORKHALL_SECRET_KEY must be set"):
        load_settings(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    monkeypatch.setenv("WORKHALL_SECRET_KEY", SECRET)
    assert load_settings(tmp_path).secret_key.get_secret_value() == SECRET


def test_development_keeps_one_generated_secret_to_itself(tmp_path: Path) -> None:
    first, second = load_settings(tmp_path), load_settings(tmp_path)
    assert first.secret_key.get_secret_value() == second.secret_key.get_secret_value()
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_redis_may_be_given_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "r", "PORT": "7", "PASSWORD": "p@ss", "DB": "2"}.items():
        monkeypatch.setenv(f"REDIS_{name}", value)
    assert load_settings(tmp_path).redis == "redis://:p%40ss@r:7/2"
