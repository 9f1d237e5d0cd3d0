"""What the agency asks of passwords, for people and for programs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.chassis.authz_client import require
from services.chassis.web import Access, Call, Input, Output, Route
from services.identity.adapters import secret_tokens
from services.identity.deps import Deps
from services.identity.domain.password_rules import (
    LONGEST,
    MOST_REMEMBERED,
    PROFILES,
    Kind,
    OwnData,
    PasswordRules,
    Profile,
    shortfalls,
)
from services.identity.domain.user import MANAGE
from services.identity.operations import passwords
from services.identity.operations.activations import LinkOver
from services.identity.operations.passwords import ResetLinkOver
from services.identity.store import credentials, password_resets, sign_in_settings, users
from services.identity.store.sign_in_settings import SignInSettings


class CustomRules(Input):
    shortest: Annotated[int, Field(ge=8, le=64)]
    kinds: Annotated[list[Kind], Field(max_length=3)]
    own_data: OwnData
    remembered: Annotated[int, Field(ge=0, le=MOST_REMEMBERED)]


class PolicyWanted(Input):
    profile: Profile
    custom: CustomRules | None = None
    """The rules of the profile `custom`; of no other."""

    @model_validator(mode="after")
    def _custom_alone_has_rules(self) -> Self:
        if (self.profile is Profile.CUSTOM) != (self.custom is not None):
            raise ValueError("the custom profile, and no other, comes with rules")
        return self


class Link(Input):
    token: Annotated[str, Field(min_length=1, max_length=128, json_schema_extra={"writeOnly": True})]


class RulesShown(Output):
    shortest: int
    longest: int
    kinds: list[Kind]
    own_data: OwnData
    remembered: int
    common_refused: Literal[True]
    compared_in: Literal["NFC"]
    expires: Literal[False]


class ShortfallShown(Output):
    requirement: str
    why: str


class StandardShown(Output):
    standard: str
    met: bool
    fails: list[ShortfallShown]


class PasswordPolicyShown(Output):
    profile: Profile
    rules: RulesShown
    second_factor_required: bool
    standards: list[StandardShown]
    """Which published standards the rules meet, and where not."""
    version: int


async def get_policy(deps: Deps, call: Call) -> PasswordPolicyShown:
    """Show what the agency asks of passwords and which standards that fails."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return _shown(await sign_in_settings.get(tx))


async def get_rules_for_activation(deps: Deps, call: Call, asked: Link) -> RulesShown:
    """Show what is asked of the first password, to who has the link of an activation mail; the link stays good."""
    token = secret_tokens.parse(asked.token)
    if token is None:
        raise LinkOver
    async with deps.db.transaction(token.tenant_id, readonly=True) as tx:
        if await credentials.activation(tx, token.hash, call.now) is None:
            raise LinkOver
        return _rules_shown((await sign_in_settings.get(tx)).rules)


async def get_rules_for_reset(deps: Deps, call: Call, asked: Link) -> RulesShown:
    """Show what is asked of a new password, to who has the link of a mail for one; the link stays good."""
    token = secret_tokens.parse(asked.token)
    if token is None:
        raise ResetLinkOver
    async with deps.db.transaction(token.tenant_id, readonly=True) as tx:
        user_id = await password_resets.of(tx, token.hash, call.now)
        if user_id is None or not await users.active_versions(tx, [user_id]):
            raise ResetLinkOver
        return _rules_shown((await sign_in_settings.get(tx)).rules)


async def change_policy(deps: Deps, call: Call, asked: PolicyWanted) -> PasswordPolicyShown:
    """Choose a password profile; it holds for passwords set from now on. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    custom = asked.custom
    rules = (
        PasswordRules(custom.shortest, frozenset(custom.kinds), custom.own_data, custom.remembered)
        if custom
        else PROFILES[asked.profile]
    )

    def change(settings: SignInSettings) -> SignInSettings:
        return SignInSettings(asked.profile, rules, settings.second_factor_required, settings.version)

    return _shown(await passwords.change_settings(deps.db, call.caller.tenant_id, change, call.version))


def _rules_shown(rules: PasswordRules) -> RulesShown:
    return RulesShown(
        shortest=rules.shortest,
        longest=LONGEST,
        kinds=sorted(rules.kinds),
        own_data=rules.own_data,
        remembered=rules.remembered,
        common_refused=True,
        compared_in="NFC",
        expires=False,
    )


def _shown(settings: SignInSettings) -> PasswordPolicyShown:
    failed = shortfalls(settings.rules, second_factor=settings.second_factor_required)
    return PasswordPolicyShown(
        profile=settings.profile,
        rules=_rules_shown(settings.rules),
        second_factor_required=settings.second_factor_required,
        standards=[
            StandardShown(
                standard=standard,
                met=not fails,
                fails=[ShortfallShown(requirement=one.requirement, why=one.why) for one in fails],
            )
            for standard, fails in sorted(failed.items())
        ],
        version=settings.version,
    )


ROUTES = (
    Route("GET", "/v1/password-policy", get_policy, gives=PasswordPolicyShown),
    Route("PUT", "/v1/password-policy", change_policy, takes=PolicyWanted, gives=PasswordPolicyShown, edits=True),
    Route(
        "POST",
        "/v1/activations/password-rules",
        get_rules_for_activation,
        takes=Link,
        gives=RulesShown,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/password-resets/password-rules",
        get_rules_for_reset,
        takes=Link,
        gives=RulesShown,
        access=Access.ANYONE,
    ),
)
