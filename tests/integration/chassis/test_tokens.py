"""Only a token that the issuer made for this audience, unchanged and in time, opens a route."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.issuer import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="session")


def encode(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_header(token: str, **changed: object) -> str:
    header, claims, signature = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(header + "=="))
    return f"{encode({**decoded, **changed})}.{claims}.{signature}"


def signed(issuer: Issuer, header: dict[str, Any], claims: dict[str, Any], key: Any = None) -> str:
    return jwt.encode(claims, key or issuer.key, algorithm="ES256", headers=header)


def forged(issuer: Issuer) -> dict[str, str]:
    """Return tokens that must not open anything, by what is wrong with each."""
    tenant, user = uuid4(), uuid4()
    good = issuer.token(tenant, user)
    header, claims, signature = good.split(".")
    decoded: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})
    right_header = {"kid": issuer.kid, "typ": "at+jwt"}
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    confused = f"{encode({'alg': 'HS256', **right_header})}.{claims}"
    mac = encode(hmac.new(public, confused.encode(), hashlib.sha256).digest())
    doubled = b'{"alg":"ES256","alg":"none","kid":"%s","typ":"at+jwt"}' % issuer.kid.encode()
    twice = b'{"sub":"a","sub":"b"}'
    past = datetime.now(UTC) - timedelta(seconds=1)
    return {
        "empty claims": f"{header}..{signature}",
        "no signature": f"{header}.{claims}.",
        "two parts": f"{header}.{claims}",
        "four parts": f"{good}.{signature}",
        "alg none": with_header(good, alg="none"),
        "alg confusion": f"{confused}.{mac}",
        "typ JWT": signed(issuer, {"kid": issuer.kid, "typ": "JWT"}, decoded),
        "no kid": signed(issuer, {"typ": "at+jwt"}, decoded),
        "unknown kid": signed(issuer, {"kid": "other", "typ": "at+jwt"}, decoded),
        "header key jku": signed(issuer, {**right_header, "jku": "https://evil.example"}, decoded),
        "header key crit": signed(issuer, {**right_header, "crit": ["exp"]}, decoded),
        "duplicate header member": f"{encode(doubled)}.{claims}.{signature}",
        "duplicate claim": f"{header}.{encode(twice)}.{signature}",
        "changed claims": f"{header}.{encode({**decoded, 'sub': str(uuid4())})}.{signature}",
        "another key": signed(issuer, right_header, decoded, ec.generate_private_key(ec.SECP256R1())),
        "expired": issuer.token(tenant, user, exp=past),
        "not yet": issuer.token(tenant, user, nbf=datetime.now(UTC) + timedelta(minutes=1)),
        "other issuer": issuer.token(tenant, user, iss="urn:other"),
        "other audience": issuer.token(tenant, user, aud="urn:other"),
        "tenant is no id": issuer.token(tenant, user, tenant_id="x"),
        "subject is no id": issuer.token(tenant, user, sub="x"),
        "networks are no networks": issuer.token(tenant, user, networks=["x"]),
        "too large": issuer.token(tenant, user, filler="x" * 5000),
        "not base64": "é.é.é",
        "deep": f"{encode(b'[' * 2000)}.{claims}.{signature}",
        **{f"no {claim}": issuer.token(tenant, user, **{claim: None}) for claim in decoded},
    }


async def status_with(http: aiohttp.ClientSession, url: str, token: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    async with http.get(f"{url}/v1/words", headers=headers) as response:
        return response.status, (await response.json()).get("code", "")


async def test_a_token_as_issued_is_accepted_again_and_again(
    http: aiohttp.ClientSession, echo_url: str, issuer: Issuer
) -> None:
    token = issuer.token(uuid4(), uuid4())
    assert [await status_with(http, echo_url, token) for _ in range(3)] == [(200, "")] * 3


async def test_every_other_token_is_refused(http: aiohttp.ClientSession, echo_url: str, issuer: Issuer) -> None:
    answers = {wrong: await status_with(http, echo_url, token) for wrong, token in forged(issuer).items()}
    assert {wrong: answer for wrong, answer in answers.items() if answer != (401, "invalid_token")} == {}


async def test_a_session_bound_to_networks_is_refused_from_elsewhere(
    http: aiohttp.ClientSession, echo_url: str, issuer: Issuer
) -> None:
    token = issuer.token(uuid4(), uuid4(), networks=["192.0.2.0/24", "2001:db8::/32"])

    async def from_address(address: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Real-IP": address}
        async with http.get(f"{echo_url}/v1/words", headers=headers) as response:
            return response.status

    assert await from_address("192.0.2.7") == 200
    assert await from_address("::ffff:192.0.2.7") == 200
    assert await from_address("2001:db8::1") == 200
    assert await from_address("192.0.3.7") == 403
    assert await from_address("nonsense") == 400
