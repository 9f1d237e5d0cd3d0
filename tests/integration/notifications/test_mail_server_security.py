"""The line to the mail server: encrypted as told, to a server that proves itself, the password never in the clear."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr, ValidationError

from services.notifications.adapters.mail_server import Endpoint, Security, open_mail_server
from services.notifications.domain.delivery import State
from services.notifications.domain.retry import Outcome
from tests.integration.notifications.post_office import PostOffice
from tests.support.mailsink import MailSink, Protection, mail_sink

pytestmark = pytest.mark.asyncio(loop_scope="session")

USER, PASSWORD = "keyholder", "Prosecco-und-Pierogi"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@asynccontextmanager
async def protected(certificate: Path, security: Security, *, password: str = PASSWORD) -> AsyncGenerator[MailSink]:
    """Yield a mail server that takes nothing but what is encrypted and comes from whom it knows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with mail_sink(Protection(context, USER, password, security is Security.TLS)) as sink:
        yield sink


def endpoint(sink: MailSink, security: Security, certificate: Path | None) -> Endpoint:
    return Endpoint(sink.host, sink.port, security, USER, SecretStr(PASSWORD), certificate)


async def outcome_of(where: Endpoint) -> Outcome:
    async def hand_over() -> None:
        return

    async with open_mail_server(where, connections=1, timeout_seconds=5) as mail_server:
        return await mail_server.send("us@agency.test", "anna@example.test", b"Subject: x\r\n\r\nx\r\n", hand_over)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_mail_goes_out_over_an_encrypted_line_to_a_server_that_proved_itself(
    certificate: Path, security: Security
) -> None:
    async with protected(certificate, security) as sink:
        assert await outcome_of(endpoint(sink, security, certificate)) == Outcome(State.SENT)
        assert len(sink.to("anna@example.test")) == 1
        assert sink.signed_in == [USER]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_server_that_nobody_vouches_for_gets_nothing(certificate: Path, security: Security) -> None:
    async with protected(certificate, security) as sink:
        assert (await outcome_of(endpoint(sink, security, None))).state is State.DEFERRED
        assert sink.received == []


async def test_a_wrong_password_defers_the_mail_with_the_servers_code(certificate: Path) -> None:
    async with protected(certificate, Security.STARTTLS, password="another") as sink:
        outcome = await outcome_of(endpoint(sink, Security.STARTTLS, certificate))
        assert (outcome.state, outcome.code) == (State.DEFERRED, "535")


async def test_a_server_that_offers_no_encryption_is_told_neither_password_nor_mail(certificate: Path) -> None:
    async with mail_sink() as sink:
        outcome = await outcome_of(endpoint(sink, Security.STARTTLS, certificate))
        assert (outcome.state, sink.received, sink.named.total()) == (State.DEFERRED, [], 0)


async def test_a_password_without_sure_encryption_is_refused_at_the_start(post: PostOffice) -> None:
    for wrong in (
        {"smtp_user": USER, "smtp_password": PASSWORD},
        {"smtp_user": USER, "smtp_security": "tls"},
        {"smtp_password": PASSWORD, "smtp_security": "tls"},
    ):
        with pytest.raises(ValidationError, match="password") as refused:
            post.settings(**wrong)
        assert PASSWORD not in str([each["msg"] for each in refused.value.errors()])
    given = post.settings(smtp_user=USER, smtp_password=PASSWORD, smtp_security="starttls")
    assert given.endpoint.security is Security.STARTTLS
