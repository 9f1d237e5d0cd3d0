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
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

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


def with_claims(issuer: Issuer, raw: bytes) -> str:
    """Return a token of any claims at all, rightly signed."""
    signed_part = f"{encode({'alg': 'ES256', 'kid': issuer.kid, 'typ': 'at+jwt'})}.{encode(raw)}"
    der = issuer.key.sign(signed_part.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    return f"{signed_part}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def headers_forged(issuer: Issuer, good: str) -> dict[str, str]:
    """Return tokens with a header that is none of the issuer's."""
    decoded: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})
    right = {"kid": issuer.kid, "typ": "at+jwt"}
    public = issuer.key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    _header, claims, _signature = good.split(".")

    def mac(key: bytes, algorithm: str = "HS256") -> str:
        part = f"{encode({'alg': algorithm, **right})}.{claims}"
        return f"{part}.{encode(hmac.new(key, part.encode(), hashlib.sha256).digest())}"

    kids = {
        "traversal": "../../../../etc/passwd",
        "statement": "x' UNION SELECT 'k' --",
        "NUL": "k\u0000",
        "empty": "",
        "array": [issuer.kid],
        "number": 7,
        "null": None,
        "object": {"kid": issuer.kid},
        "padded": f" {issuer.kid}",
        "huge": "k" * 3000,
        "upper case": issuer.kid.upper() + "X",
    }
    extra: dict[str, Any] = {
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/x5u",
        "jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        "x5c": ["AA"],
        "x5t": "AA",
        "zip": "DEF",
        "cty": "JWT",
        "crit": ["b64"],
        "b64": False,
        "iss": "urn:keyholder:identity",
    }
    types: tuple[Any, ...] = ("JWT", "logout+jwt", "id+jwt", "AT+JWT", "application/at+jwt", "", None, ["at+jwt"], 1)
    algorithms: tuple[Any, ...] = (
        "None",
        "NONE",
        "nOnE",
        "",
        None,
        "ES384",
        "ES512",
        "RS256",
        "EdDSA",
        "es256",
        ["ES256"],
        1,
    )
    return {
        **{f"kid {name}": with_header(good, kid=kid) for name, kid in kids.items()},
        **{f"header {name}": signed(issuer, {**right, name: value}, decoded) for name, value in extra.items()},
        **{f"typ {value!r}": with_header(good, typ=value) for value in types},
        **{f"alg {value!r}": with_header(good, alg=value) for value in algorithms},
        "no typ": signed(issuer, {"kid": issuer.kid, "typ": None}, decoded),
        "HMAC with the public key in DER": mac(der),
        "HMAC with the public key without its end": mac(pem.strip()),
        "HMAC with nothing": mac(b""),
        "HMAC called HS512": mac(pem, "HS512"),
        "alg none without signature": with_header(good, alg="none").rpartition(".")[0] + ".",
    }


def signatures_forged(issuer: Issuer, good: str) -> dict[str, str]:
    """Return tokens with a signature that is none of the issuer's, or written otherwise."""
    part, _, written = good.rpartition(".")
    raw = base64.urlsafe_b64decode(written + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    number = order.to_bytes(32, "big")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    signatures = {
        "zeros": bytes(64),
        "r is zero": bytes(32) + raw[32:],
        "s is zero": raw[:32] + bytes(32),
        "r is the order": number + raw[32:],
        "s is the order": raw[:32] + number,
        "all ones": b"\xff" * 64,
        "in DER": der,
        "cut": raw[:63],
        "longer": raw + b"\x00",
        "halves swapped": raw[32:] + raw[:32],
        "one bit": bytes([raw[0] ^ 1]) + raw[1:],
        "of 96 bytes": bytes(96),
    }
    other = Issuer()
    other.kid = issuer.kid
    return {
        **{f"signature {name}": f"{part}.{encode(value)}" for name, value in signatures.items()},
        "signed by a stranger with the same kid": other.token(uuid4(), uuid4()),
        "space before": f"{part}. {written}",
        "line end behind": f"{good}%0A",
        "JSON serialisation": json.dumps({"payload": part, "signature": written}).replace(" ", ""),
    }


def claims_forged(issuer: Issuer, good: str) -> dict[str, str]:
    """Return tokens of the issuer's own signature whose claims are no access token's."""
    tenant, user = uuid4(), uuid4()
    decoded = claims_of(good)
    wrong: dict[str, tuple[Any, ...]] = {
        "exp": ("soon", True, [1], {}, -1, 0),
        "iat": ("x", [1], datetime.now(UTC) + timedelta(hours=1)),
        "nbf": ("x", datetime.now(UTC) + timedelta(hours=1)),
        "aud": (["urn:other"], "urn:keyholder:ap", "URN:KEYHOLDER:API", 1),
        "iss": ("urn:keyholder:identit", "urn:keyholder:identity/", 1),
        "sub": (1, "", "x" * 64, str(user) + "0"),
        "sid": (1, "", "not an id"),
        "tenant_id": (1, [], "../" + str(tenant)),
    }
    text = json.dumps(decoded)
    return {
        **{
            f"{claim} {value!r}": with_claims(issuer, json.dumps({**decoded, claim: _plain(value)}).encode())
            for claim, values in wrong.items()
            for value in values
        },
        "claims are an array": with_claims(issuer, b"[]"),
        "claims are a text": with_claims(issuer, b'"claims"'),
        "claims are a number": with_claims(issuer, b"1"),
        "claims are nothing": with_claims(issuer, b""),
        "claims are not UTF-8": with_claims(issuer, b'{"sub":"\xff\xfe"}'),
        "claims nest deeply": with_claims(issuer, b"[" * 1200 + b"]" * 1200),
        "claims give sub twice": with_claims(issuer, f'{text[:-1]},"sub":"{user}"}}'.encode()),
        "claims give exp as infinity": with_claims(issuer, text.replace(str(decoded["exp"]), "Infinity").encode()),
        "claims give exp as NaN": with_claims(issuer, text.replace(str(decoded["exp"]), "NaN").encode()),
        "claims give exp as 10^400": with_claims(issuer, text.replace(str(decoded["exp"]), "1e400").encode()),
        "claims end early": with_claims(issuer, text[:-1].encode()),
        "claims with a tail": with_claims(issuer, f"{text}x".encode()),
    }


def _plain(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


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
    good = issuer.token(uuid4(), uuid4())
    hostile = {
        **forged(issuer),
        **headers_forged(issuer, good),
        **signatures_forged(issuer, good),
        **claims_forged(issuer, good),
    }
    assert len(hostile) >= 130
    assert (await status_with(http, echo_url, good))[0] == 200
    assert (await status_with(http, echo_url, with_claims(issuer, json.dumps(claims_of(good)).encode())))[0] == 200
    answers = {wrong: await status_with(http, echo_url, token) for wrong, token in hostile.items()}
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
