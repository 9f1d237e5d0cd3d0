"""What identity tells: licences, offices, regions, teams, people, passwords, sign-ins, sessions."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.envelope import Event
from services.contracts.vocabulary import OfficeId, Ownership, RegionId, SessionId, TeamId, UserId, UserKind, UserState


class UserFacts(BaseModel):
    """A person as the other services know him. `version` rises with each change of any of these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: UserId
    version: int
    code: str
    display_name: str
    email: str
    locale: str
    """BCP 47 tag, such as `it` or `pl`."""
    state: UserState
    principal_offices: tuple[OfficeId, ...]
    secondary_offices: tuple[OfficeId, ...]
    kind: UserKind = UserKind.COLLEAGUE
    ends_at: datetime | None = None
    """From when on the person is not let in any more (MG-28), by whichever access policy; None for never.

    Who is told as `suspended` and whose end has come has expired: to peers both mean the same, and who must tell them
    apart can.
    """


class UserEvent(Event):
    """Something about a person changed; always the whole picture, so that any one event is enough."""

    user: UserFacts


class LicenceEvent(Event):
    """Something about an agency changed; always the whole picture, of a version that rises with each change."""

    name: str
    timezone: str
    locale: str
    ownership: Ownership
    version: int = 1


class LicenceCreated(LicenceEvent):
    """An agency was taken on. Its first administrator follows in a UserCreated."""

    topic: ClassVar[str] = "identity.licence.created.v1"

    administrator_id: UserId


class LicenceChanged(LicenceEvent):
    """An agency's settings, licence code or number of seats changed."""

    topic: ClassVar[str] = "identity.licence.changed.v1"

    licence_code: str
    seats: int


class OfficeChanged(Event):
    """An office was opened or changed, or moved to another region (ON-36)."""

    topic: ClassVar[str] = "identity.office.changed.v1"

    office_id: OfficeId
    version: int
    name: str
    region_id: RegionId | None = None


class RegionChanged(Event):
    """A region of offices was made, renamed or removed. Which offices lie in it, each office's own event tells."""

    topic: ClassVar[str] = "identity.region.changed.v1"

    region_id: RegionId
    version: int
    name: str
    removed: bool


class TeamChanged(Event):
    """A team was made, changed or removed; always all of its members. A removed team has none."""

    topic: ClassVar[str] = "identity.team.changed.v1"

    team_id: TeamId
    version: int
    name: str
    members: tuple[UserId, ...]
    removed: bool


class UserCreated(UserEvent):
    """A person was added to an agency and cannot sign in yet."""

    topic: ClassVar[str] = "identity.user.created.v1"


class UserChanged(UserEvent):
    """A person's card was changed."""

    topic: ClassVar[str] = "identity.user.changed.v1"


class UserStateChanged(UserEvent):
    """A person was activated, suspended, restored, made a ghost, or the account's end came."""

    topic: ClassVar[str] = "identity.user.state_changed.v1"


class AssignmentChanged(UserEvent):
    """A person's principal or secondary offices changed (MG-14)."""

    topic: ClassVar[str] = "identity.assignment.changed.v1"


class ActivationRequested(UserEvent):
    """An administrator asked that the activation mail be sent again."""

    topic: ClassVar[str] = "identity.activation.requested.v1"


class PasswordResetRequested(UserEvent):
    """A person, or an administrator for him, asked for a mail with which to choose a new password."""

    topic: ClassVar[str] = "identity.password.reset_requested.v1"


class PasswordChanged(UserEvent):
    """A person's password is another one now, chosen by himself; he is told, should it have been somebody else."""

    topic: ClassVar[str] = "identity.password.changed.v1"


class SecondFactorChanged(UserEvent):
    """A person's second factor came into use or was removed; he is told, should it have been somebody else."""

    topic: ClassVar[str] = "identity.second_factor.changed.v1"

    in_use: bool


class DeviceAdded(UserEvent):
    """A person signed in from a device that was not known; he is told, should it have been somebody else."""

    topic: ClassVar[str] = "identity.device.added.v1"

    address: str
    """Client address of the sign-in, IPv4 or IPv6."""
    signed_in_at: datetime


class SignInSucceeded(Event):
    """A person signed in."""

    topic: ClassVar[str] = "identity.sign_in.succeeded.v1"

    user_id: UserId
    session_id: SessionId
    address: str
    new_device: bool


class SignInRefused(Event):
    """Somebody tried to sign in as a person who exists, and was refused."""

    topic: ClassVar[str] = "identity.sign_in.refused.v1"

    user_id: UserId
    address: str
    reason: str
    """The code of the problem that kept him out, such as `wrong_credentials` or `account_not_active`."""


class UserAccessPolicyChanged(Event):
    """When or from where these people get in changed; sessions that this forbids are revoked by their own event."""

    topic: ClassVar[str] = "identity.user.access_policy_changed.v1"

    user_ids: tuple[UserId, ...]
    source: Literal["tenant", "template", "user", "zone"]
    """Which level of the policy was changed."""


class MachineTokenFacts(BaseModel):
    """What a machine may come in for; never with what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine_id: UUID
    name: str
    scopes: tuple[str, ...]
    """`scim`, `api`; more may follow."""
    acts_for: UserId | None
    """The person whose rights it has with scope `api`."""
    networks: tuple[str, ...]
    """Where it may come from; none for anywhere."""
    ends_at: datetime


class MachineTokenIssued(Event):
    """A token for a machine was made."""

    topic: ClassVar[str] = "identity.machine_token.issued.v1"

    machine: MachineTokenFacts
    by: UserId


class MachineTokenRevoked(Event):
    """A machine's token was revoked; sessions that it had opened are revoked by their own event."""

    topic: ClassVar[str] = "identity.machine_token.revoked.v1"

    machine: MachineTokenFacts
    by: UserId


class TechnicianExpiring(UserEvent):
    """The visit of an external technician ends soon: once per end (AM-12)."""

    topic: ClassVar[str] = "identity.technician.expiring.v1"

    sponsor_id: UserId | None
    """Who let the technician in and should know, if that person was recorded."""


class ImpersonationBegun(UserEvent):
    """Support began to look at the agency as this person sees it, with the agency's consent (ADR-0015)."""

    topic: ClassVar[str] = "identity.impersonation.begun.v1"

    session_id: SessionId
    actor: str
    """Who it is, such as `urn:keyholder:support:jane`."""
    reason: str
    ends_at: datetime


class SessionRevoked(Event):
    """Sessions ended before their time; their access tokens must be refused until `until`."""

    topic: ClassVar[str] = "identity.session.revoked.v1"

    user_id: UserId
    session_ids: tuple[SessionId, ...]
    until: datetime
    """When the last access token of these sessions expires by itself."""


class AgentCardChanged(Event):
    """What the agent card says beyond name and address was changed; billing data and telephone numbers stay inside."""

    topic: ClassVar[str] = "identity.agent_card.changed.v1"

    user_id: UserId
    version: int
    """Of the card, which has versions of its own."""
    title: str
    colour: str | None
    """In calendars and lists, `#rrggbb` (MG-8)."""
    sender_address: str | None
    """From which address mails of this person are sent (MG-12); None for his own."""
    shown: tuple[str, ...]
    """What of the person web sites and apps may show (MG-11), such as `name` or `photo`."""


class SubAccountGranted(Event):
    """A contact of notifications was given an account to sign in with (SB-16); its mail goes on as before.

    The account is a person like any other: UserCreated or UserStateChanged tells of it in the same transaction.
    """

    topic: ClassVar[str] = "identity.sub_account.granted.v1"

    contact_id: UUID
    user_id: UserId
    version: int
    """Of the person; rises with each grant and revocation."""


class SubAccountRevoked(Event):
    """A contact's account was taken away (SB-25): it signs in no more, and stays a contact with its preferences."""

    topic: ClassVar[str] = "identity.sub_account.revoked.v1"

    contact_id: UUID
    user_id: UserId
    version: int
