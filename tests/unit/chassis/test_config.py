"""Settings come from the environment, are checked, and never show a secret."""

from pathlib import Path

import pytest

from services.chassis.config import ConfigError, MigrationSettings, Settings, load

GOOD = {
    "KEYHOLDER_ECHO_PORT": "8000",
    "KEYHOLDER_ECHO_WORK_PORT": "8001",
    "KEYHOLDER_ECHO_DATABASE_URL": "postgresql://app:hidden-word@db/echo",
    "KEYHOLDER_ECHO_AMQP_URL": "amqp://bus",
    "KEYHOLDER_ECHO_INTERNAL_TOKEN": "a-secret-of-enough-length",
}


def test_the_environment_of_other_programs_is_left_alone() -> None:
    settings = load(Settings, "echo", {**GOOD, "PATH": "/bin", "KEYHOLDER_RECORDS_PORT": "x"})
    assert settings.port == 8000
    assert "hidden-word" not in repr(settings)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-secret-from-a-file\n", "utf-8")
    environ = {name: value for name, value in GOOD.items() if not name.endswith("TOKEN")}
    settings = load(Settings, "echo", {**environ, "KEYHOLDER_ECHO_INTERNAL_TOKEN_FILE": str(tmp_path / "token")})
    assert settings.internal_token.get_secret_value() == "a-secret-from-a-file"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYHOLDER_ECHO_PROT", "8000"),
        ("KEYHOLDER_ECHO_PORT", "70000"),
        ("KEYHOLDER_ECHO_PORT", "eighty"),
        ("KEYHOLDER_ECHO_INTERNAL_TOKEN", "hidden-word"),
        ("KEYHOLDER_ECHO_INTERNAL_TOKEN_FILE", "/nowhere/hidden-not"),
        ("KEYHOLDER_ECHO_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_or_unknown_variable_is_named_and_its_value_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(Settings, "echo", {**GOOD, name: value})
    assert name.removesuffix("_FILE") in str(refused.value)
    assert "hidden-word" not in str(refused.value)


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(ConfigError) as refused:
        load(Settings, "echo", {})
    assert all(name in str(refused.value) for name in GOOD)


def test_migrating_needs_only_the_owner() -> None:
    url = {"KEYHOLDER_ECHO_OWNER_DATABASE_URL": "postgresql://owner@db/echo"}
    assert load(MigrationSettings, "echo", url).owner_database_url.get_secret_value().endswith("/echo")
    assert load(Settings, "echo", {**GOOD, **url}).port == 8000
