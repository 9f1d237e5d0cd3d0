"""What browsers are asked to have authenticators make and sign, and whether they did (WebAuthn)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import webauthn
from pydantic import JsonValue
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.identity.domain.passkey import CEREMONY_LIFETIME, PasskeyRefused, WrongPasskey

NAME: Final = "Keyholder"
Answer = Mapping[str, JsonValue]
"""A PublicKeyCredential as browsers write it in JSON (WebAuthn Level 3, 5.1)."""
_UNREADABLE: Final = (WebAuthnException, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the library trips over in answers that no authenticator gives."""


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a passkey is made. The handle names nobody; the texts stay on the authenticator."""

    handle: bytes
    name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that an authenticator has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Asserted:
    """Which passkey claims to have signed which challenge; nothing of it is proved."""

    answer: Answer
    challenge: bytes
    credential_id: bytes
    handle: bytes | None


class RelyingParty:
    """The installation as authenticators know it: passkeys are made for its domain and used from its origins."""

    def __init__(self, domain: str, origins: Sequence[str]) -> None:
        self._domain = domain
        self._origins = list(origins)

    @classmethod
    def at(cls, public_url: str, domain: str | None, origins: Sequence[str]) -> "RelyingParty":
        """Return the party at a public address; `domain` and `origins` replace what follows from it."""
        address = urlsplit(public_url)
        return cls(domain or address.hostname or "", origins or [f"{address.scheme}://{address.netloc}"])

    def creation(self, holder: Holder, challenge: bytes, known: Sequence[bytes]) -> dict[str, JsonValue]:
        """Return what `navigator.credentials.create` is asked for, by none of the authenticators that are known."""
        return options_to_json_dict(
            webauthn.generate_registration_options(
                rp_id=self._domain,
                rp_name=NAME,
                user_id=holder.handle,
                user_name=holder.name,
                user_display_name=holder.display_name,
                challenge=challenge,
                timeout=_milliseconds(),
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.PREFERRED,
                    user_verification=UserVerificationRequirement.PREFERRED,
                ),
                exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            )
        )

    def request(self, challenge: bytes, known: Sequence[bytes], *, alone: bool) -> dict[str, JsonValue]:
        """Return what `navigator.credentials.get` is asked for; `alone` without a password, so the person is verified.

        Nothing known means any passkey that the authenticator itself finds.
        """
        verification = UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED
        return options_to_json_dict(
            webauthn.generate_authentication_options(
                rp_id=self._domain,
                challenge=challenge,
                timeout=_milliseconds(),
                allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
                user_verification=verification,
            )
        )

    def registered(self, answer: Answer, challenge: bytes) -> Registered:
        """Return the passkey that an authenticator made for this challenge. Raises PasskeyRefused."""
        try:
            verified = webauthn.verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self._domain,
                expected_origin=self._origins,
            )
            return Registered(verified.credential_id, verified.credential_public_key, verified.sign_count)
        except _UNREADABLE:
            raise PasskeyRefused from None

    def sign_count(self, claimed: Asserted, public_key: bytes, *, alone: bool) -> int:
        """Return how often the passkey says it has signed, this time rightly and for this challenge.

        Whether the count goes on is not judged here. Raises WrongPasskey.
        """
        try:
            return webauthn.verify_authentication_response(
                credential=dict(claimed.answer),
                expected_challenge=claimed.challenge,
                expected_rp_id=self._domain,
                expected_origin=self._origins,
                credential_public_key=public_key,
                credential_current_sign_count=0,
                require_user_verification=alone,
            ).new_sign_count
        except _UNREADABLE:
            raise WrongPasskey from None


def challenge_of(answer: Answer) -> bytes:
    """Return the challenge that a new passkey claims to answer. Raises PasskeyRefused."""
    try:
        return _challenge(parse_registration_credential_json(dict(answer)).response.client_data_json)
    except _UNREADABLE:
        raise PasskeyRefused from None


def asserted(answer: Answer) -> Asserted:
    """Return what an answer claims to have signed, and by what. Raises WrongPasskey."""
    try:
        credential = parse_authentication_credential_json(dict(answer))
        challenge = _challenge(credential.response.client_data_json)
        return Asserted(answer, challenge, credential.raw_id, credential.response.user_handle)
    except _UNREADABLE:
        raise WrongPasskey from None


def _challenge(client_data: bytes) -> bytes:
    read = parse_client_data_json(client_data)
    if read.cross_origin:
        raise ValueError("asked for from within another page")
    return read.challenge


def _milliseconds() -> int:
    return int(CEREMONY_LIFETIME.total_seconds() * 1000)
