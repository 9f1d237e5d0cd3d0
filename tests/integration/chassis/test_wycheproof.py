"""Google's Wycheproof vectors for ECDSA on P-256, each as an access token: what is valid opens, nothing else does.

A token cannot carry a vector's message. So each vector keeps its signature and gets a key moved by as much as its
message differs from the token's: Q' = Q + (e - e') / r * G. The verifier then computes the same point as with the
vector's own key and message, whether the signature is valid or not (the note beside the vectors says where they
are from).
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from services.chassis import clock
from services.chassis.jwks import usable
from services.chassis.tokens import InvalidToken, Verifier
from services.contracts.tokens import AUDIENCE, CLIENT, ISSUER

pytestmark = pytest.mark.asyncio(loop_scope="session")
CURVE: Final = ec.SECP256R1()
P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Point = tuple[int, int]


@dataclass(frozen=True)
class Vector:
    number: str
    valid: bool
    key: Point
    message: bytes
    signature: bytes


def vectors() -> list[Vector]:
    lines = Path(__file__).with_name("wycheproof_p256_sha256_p1363.txt").read_text("ascii").splitlines()
    found: list[Vector] = []
    for line in lines:
        number, result, key, message, signature = (part.removesuffix("-") for part in line.split())
        point = int(key[2:66], 16), int(key[66:], 16)
        found.append(Vector(number, result == "valid", point, bytes.fromhex(message), bytes.fromhex(signature)))
    return found


def added(one: Point, other: Point) -> Point:
    """Return the sum of two points that are neither equal nor opposite, which among these happens never."""
    slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def moved(vector: Vector, signed: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key under which the vector's signature says of `signed` what it says of the vector's message."""
    half = len(vector.signature) // 2
    r = int.from_bytes(vector.signature[:half], "big") % N
    point = vector.key
    if r:
        e, e_here = (int.from_bytes(hashlib.sha256(text).digest(), "big") for text in (vector.message, signed))
        by = (e - e_here) * pow(r, -1, N) % N
        shift = ec.derive_private_key(by, CURVE).public_key().public_numbers()
        point = added(point, (shift.x, shift.y))
    return ec.EllipticCurvePublicNumbers(*point, CURVE).public_key()


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed_part() -> str:
    now = clock.now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(uuid4()),
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=5)).timestamp()),
        "jti": str(uuid4()),
        "client_id": CLIENT,
        "tenant_id": str(uuid4()),
        "sid": str(uuid4()),
    }
    header = {"alg": "ES256", "kid": "wycheproof", "typ": "at+jwt"}
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"


async def opens(token: str, key: ec.EllipticCurvePublicKey) -> bool:
    async def find(_kid: str) -> ec.EllipticCurvePublicKey:
        return key

    try:
        return bool(await Verifier(find).caller(token, clock.now()))
    except InvalidToken:
        return False


async def test_every_vector_as_a_token_is_judged_as_wycheproof_judges_it() -> None:
    wrong: list[str] = []
    for vector in (every := vectors()):
        part = signed_part()
        token = f"{part}.{encoded(vector.signature)}"
        if await opens(token, moved(vector, part.encode())) != vector.valid:
            wrong.append(vector.number)
    assert (len(every), sum(vector.valid for vector in every)) == (262, 173)
    assert wrong == []


async def test_every_vector_as_it_is_is_judged_so_by_the_algorithm_that_the_verifier_uses() -> None:
    algorithm = jwt.get_algorithm_by_name("ES256")
    for vector in vectors():
        key = ec.EllipticCurvePublicNumbers(*vector.key, CURVE).public_key()
        assert algorithm.verify(vector.message, key, vector.signature) == vector.valid, vector.number


async def test_a_token_is_written_in_one_way_only() -> None:
    key = ec.generate_private_key(CURVE)
    part = signed_part()
    signature = encoded(ECAlgorithm(ECAlgorithm.SHA256).sign(part.encode(), key))
    assert await opens(f"{part}.{signature}", key.public_key())
    spare = chr(ord(signature[-1]) + 1)
    header, claims = part.split(".")
    for other in (
        f"{part}.{signature}==",
        f"{part}.{signature}=",
        f"{part}.{signature}\n",
        f"{part}.{signature[:-1]}{spare}",
        f"{part}.{signature[:40]}\n{signature[40:]}",
        f"{part}.+{signature[1:]}",
        f"{header}==.{claims}.{signature}",
        f"{header}.{claims}==.{signature}",
    ):
        assert not await opens(other, key.public_key()), other


def published(**changed: object) -> dict[str, object]:
    key = ECAlgorithm.to_jwk(ec.generate_private_key(CURVE).public_key(), as_dict=True)
    stated = {**key, "kid": "a", "use": "sig", "alg": "ES256", **changed}
    return {name: value for name, value in stated.items() if value is not None}


@pytest.mark.parametrize(
    "changed",
    [
        {"use": "enc"},
        {"use": ["sig"]},
        {"alg": "ES384"},
        {"alg": "none"},
        {"alg": "ECDH-ES"},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": None},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": None},
        {"k": "c2VjcmV0"},
        {"d": "c2VjcmV0"},
        {"kid": None},
        {"kid": 7},
        {"x": "AA"},
        {"x": None},
        {"y": 7},
        {"y": "!"},
    ],
    ids=str,
)
async def test_a_key_for_something_else_is_passed_over_and_takes_no_other_with_it(changed: dict[str, object]) -> None:
    wrong = published(**changed)
    good = published(kid="good")
    assert set(usable([wrong, good])) == {"good"}
    assert set(usable([good, wrong])) == {"good"}


async def test_what_a_key_does_not_state_is_not_held_against_it() -> None:
    assert set(usable([published(use=None, alg=None), published(kid="b", key_ops=["verify"])])) == {"a", "b"}


async def test_of_an_id_that_is_given_twice_no_key_is_used() -> None:
    assert set(usable([published(), published(), published(kid="b")])) == {"b"}
    assert usable([published(), published(use="enc")]) == {}
