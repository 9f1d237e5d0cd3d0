"""Passwords of roles follow from one secret, so that processes need not tell each other."""

from deploy.local.passwords import derived
from deploy.local.services import TOLD, broker_rights


def test_the_same_secret_gives_the_same_password_and_another_gives_another() -> None:
    assert derived("s", "keyholder_authz_app") == derived("s", "keyholder_authz_app")
    assert len({derived("s", "a"), derived("s", "b"), derived("t", "a")}) == 3


def test_a_service_reads_only_its_own_queues() -> None:
    rights = broker_rights("authz")
    assert rights["read"] == r"^(authz\.|keyholder\.|amq\.gen-|amq_)"
    assert "identity" in rights["write"]


def test_only_identity_is_told_the_operators_secret() -> None:
    assert [name for name, told in TOLD.items() if "OPERATOR_TOKEN_FILE" in told] == ["identity"]
