"""When and from where people get in: the agency's policy, each person's, and what they add up to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, IPvAnyAddress

from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.access_policy import Levels, Source, until
from services.identity.domain.access_trial import Part, steps
from services.identity.domain.user import MANAGE
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.handlers.policy_fields import (
    EndingPolicyFields,
    EndingPolicyShown,
    ImpactShown,
    PolicyFields,
    PolicyShown,
    Weekday,
    WindowShown,
    cidrs_shown,
    hours_shown,
    impact_shown,
    networks_shown,
)
from services.identity.operations.access_policies import Author, enact
from services.identity.operations.access_templates import tenant_change, user_change
from services.identity.store import access_policies, users


def _no_interface(address: IPvAnyAddress) -> IPvAnyAddress:
    if getattr(address, "scope_id", None):
        raise ValueError("an interface is not part of an address")
    return address


class UserPolicyFields(EndingPolicyFields):
    template_id: UUID | None = None


class EffectivePolicyShown(Output):
    hours: dict[Weekday, list[WindowShown]] | None
    hours_from: Source | None
    networks: list[str] | None
    """What zones and single networks come to; null or none: from anywhere."""
    networks_from: Source | None
    ends_at: datetime | None
    ends_at_from: Source | None


class UserPolicyShown(EndingPolicyShown):
    template_id: UUID | None
    effective: EffectivePolicyShown


class Trial(Input):
    at: Instant
    address: Annotated[IPvAnyAddress, AfterValidator(_no_interface), Field(examples=["192.0.2.7"])]


class StepShown(Output):
    part: Part
    passed: bool
    source: Source | None
    """Which level states this; null for none."""
    detail: str


class Verdict(Output):
    let_in: bool
    decided_by: StepShown | None
    """The first step that is not passed; null if all are."""
    until: datetime | None
    """If let in: when access ends next; null for never."""
    steps: list[StepShown]


async def get_tenant_policy(deps: Deps, call: Call) -> PolicyShown:
    """Show what holds for everybody who has nothing nearer. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    tenant_id = call.caller.tenant_id
    async with deps.db.single_read(tenant_id) as tx:
        stated = await access_policies.find(tx, tenant_id)
    return PolicyShown(hours=hours_shown(stated.policy.hours), networks=networks_shown(stated), version=stated.version)


async def change_tenant_policy(deps: Deps, call: Call, asked: PolicyFields) -> ImpactShown:
    """Say when and from where everybody gets in who has nothing nearer; version 0 was never written.

    Sessions that this forbids end at once. Needs admin.agents.manage.
    """
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    tenant_id = call.caller.tenant_id
    change = tenant_change(tenant_id, asked.stated(call.version + 1), author(call), dry_run=asked.dry_run)
    impact = await enact(deps.db, deps.administrators, tenant_id, change, call.now)
    return impact_shown(impact, call.version, dry_run=asked.dry_run)


async def get_user_policy(deps: Deps, call: Call) -> UserPolicyShown:
    """Show a colleague's own policy and template, and what all levels add up to. Needs admin.agents.manage."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_among_colleagues(deps, call, MANAGE, user_id)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        if await users.find(tx, user_id) is None:
            raise NotFound
        stated = await access_policies.find(tx, user_id)
        template_id = await access_policies.template_of(tx, user_id)
        levels, _zone = await access_policies.of_person(tx, user_id)
    return UserPolicyShown(
        hours=hours_shown(stated.policy.hours),
        networks=networks_shown(stated),
        ends_at=stated.policy.ends_at,
        second_factor_required=stated.policy.second_factor,
        template_id=template_id,
        version=stated.version,
        effective=_effective(levels),
    )


async def change_user_policy(deps: Deps, call: Call, asked: UserPolicyFields) -> ImpactShown:
    """Say when and from where a colleague gets in, until when, and by which template; version 0 was never written.

    Sessions that this forbids end at once; who had expired comes back by a later end. Needs admin.agents.manage.
    """
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    change = user_change(
        UserId(call.id_in_path("user_id")),
        asked.stated(call.version + 1),
        asked.template_id,
        author(call),
        dry_run=asked.dry_run,
        now=call.now,
    )
    impact = await enact(deps.db, deps.administrators, call.caller.tenant_id, change, call.now)
    return impact_shown(impact, call.version, dry_run=asked.dry_run)


async def try_user_policy(deps: Deps, call: Call, asked: Trial) -> Verdict:
    """Say whether a colleague would get in at an instant from an address, and why. Needs admin.agents.manage."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_among_colleagues(deps, call, MANAGE, user_id)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        user = await users.find(tx, user_id)
        levels, zone = await access_policies.of_person(tx, user_id)
    if user is None:
        raise NotFound
    taken = [
        StepShown(part=step.part, passed=step.passed, source=step.source, detail=step.detail)
        for step in steps(levels, user.state, asked.at, zone, asked.address)
    ]
    failed = next((step for step in taken if not step.passed), None)
    return Verdict(
        let_in=failed is None,
        decided_by=failed,
        until=until(levels.policy, asked.at, zone) if failed is None else None,
        steps=taken,
    )


def author(call: Call) -> Author:
    """Return who makes a change, and from where."""
    return Author(call.caller.user_id, call.address)


def _effective(levels: Levels) -> EffectivePolicyShown:
    policy = levels.policy
    return EffectivePolicyShown(
        hours=hours_shown(policy.hours),
        hours_from=levels.hours_from,
        networks=None if policy.networks is None else cidrs_shown(policy.networks),
        networks_from=levels.networks_from,
        ends_at=policy.ends_at,
        ends_at_from=levels.end_from,
    )


ROUTES = (
    Route("GET", "/v1/access-policy", get_tenant_policy, gives=PolicyShown),
    Route("PUT", "/v1/access-policy", change_tenant_policy, takes=PolicyFields, gives=ImpactShown, edits=True),
    Route("GET", "/v1/users/{user_id}/access-policy", get_user_policy, gives=UserPolicyShown),
    Route(
        "PUT",
        "/v1/users/{user_id}/access-policy",
        change_user_policy,
        takes=UserPolicyFields,
        gives=ImpactShown,
        edits=True,
    ),
    Route("POST", "/v1/users/{user_id}/access-policy/trials", try_user_policy, takes=Trial, gives=Verdict),
)
