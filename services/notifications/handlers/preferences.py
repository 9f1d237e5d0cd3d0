"""Preferences: who gets which mail, what the agency usually sends, and why somebody does or does not get one."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.chassis.authz_client import require
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.notifications.deps import Deps
from services.notifications.domain import preference
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import MANDATORY, SYSTEM_DEFAULT, Ground, Standing
from services.notifications.domain.recipient import MANAGE, SET_DEFAULTS, Recipient
from services.notifications.handlers.recipients import managed
from services.notifications.operations import preferences as operations
from services.notifications.operations import recipients as recipient_operations
from services.notifications.store import agencies, preferences, recipients, sub_accounts
from services.notifications.store.preferences import Asked

Choices = Annotated[dict[Category, bool | None], Field(max_length=len(Category))]


class ChoicesSet(Input):
    choices: Choices
    """By category; null forgets a choice. Categories left out stay as they are."""


class PreferenceShown(Output):
    category: Category
    choice: bool | None
    mandatory: bool
    wanted: bool
    ground: Ground
    """What decides whether mail of this category goes out at present."""


class PreferencesShown(Output):
    recipient_id: UUID
    version: int
    categories: list[PreferenceShown]


class ExplanationQuery(Input):
    category: Category
    sender_user_id: UserId | None = None


class StepShown(Output):
    ground: Ground
    wanted: bool | None
    """What this ground says of the mail; null for nothing."""
    decides: bool


class ExplanationShown(Output):
    recipient_id: UUID
    category: Category
    wanted: bool
    ground: Ground
    steps: list[StepShown]
    """All grounds in the order in which they are asked; the first with something to say decides."""


class DefaultShown(Output):
    category: Category
    choice: bool | None
    wanted: bool


class DefaultsShown(Output):
    categories: list[DefaultShown]


class RetentionShown(Output):
    retention_days: int
    version: int


class RetentionSet(Input):
    retention_days: int = Field(ge=30, le=3650)


async def get_preferences(deps: Deps, call: Call) -> PreferencesShown:
    """Show what somebody gets. Others than oneself need `admin.agents.manage`."""
    recipient_id = await managed(deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        return await _preferences(tx, await _found(tx, recipient_id))


async def set_preferences(deps: Deps, call: Call, asked: ChoicesSet) -> PreferencesShown:
    """Choose what somebody gets, whether or not he can sign in. Others than oneself need `admin.agents.manage`."""
    recipient_id = await managed(deps, call)
    await operations.choose(deps.db, call.caller.tenant_id, recipient_id, asked.choices, call.version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        return await _preferences(tx, await _found(tx, recipient_id))


async def explain(deps: Deps, call: Call, asked: ExplanationQuery) -> ExplanationShown:
    """Say whether somebody would get a mail now, and why. Others than oneself need `admin.agents.manage`.

    So does another sender than oneself: whether colleagues' mails are blocked is not everybody's to know. Why
    somebody got a certain mail, or did not, the mail's own explanation says.
    """
    recipient_id = await managed(deps, call)
    if asked.sender_user_id not in {None, call.caller.user_id}:
        require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await recipients.find(tx, recipient_id)
        if found is None:
            raise NotFound
        standing = await preferences.standing(tx, recipient_id, found.email, asked.category, asked.sender_user_id)
    return explanation_shown(recipient_id, asked.category, standing)


def explanation_shown(recipient_id: UUID, category: Category, standing: Standing) -> ExplanationShown:
    """Return what decides about a mail, ground by ground, as clients see it."""
    decision = preference.decide(category, standing)
    return ExplanationShown(
        recipient_id=recipient_id,
        category=category,
        wanted=decision.wanted,
        ground=decision.ground,
        steps=[
            StepShown(ground=step.ground, wanted=step.wanted, decides=step.ground is decision.ground)
            for step in preference.explain(category, standing)
        ],
    )


async def get_defaults(deps: Deps, call: Call) -> DefaultsShown:
    """Show what the agency sends to those who chose nothing."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        chosen = await preferences.defaults(tx)
    return DefaultsShown(
        categories=[
            DefaultShown(
                category=category, choice=chosen.get(category), wanted=chosen.get(category, SYSTEM_DEFAULT[category])
            )
            for category in preference.CHOOSABLE
        ]
    )


async def set_defaults(deps: Deps, call: Call, asked: ChoicesSet) -> DefaultsShown:
    """Choose what the agency sends to those who chose nothing. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    await operations.set_defaults(deps.db, call.caller.tenant_id, asked.choices)
    return await get_defaults(deps, call)


async def get_retention(deps: Deps, call: Call) -> RetentionShown:
    """Show how long mails stay in the communication history."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        agency = await agencies.find(tx)
    if agency is None:
        raise NotFound
    return RetentionShown(retention_days=agency.retention_days, version=agency.version)


async def set_retention(deps: Deps, call: Call, asked: RetentionSet) -> RetentionShown:
    """Set how long mails stay in the communication history. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    await recipient_operations.set_retention(deps.db, call.caller.tenant_id, asked.retention_days, call.version)
    return await get_retention(deps, call)


async def _found(tx: Transaction, recipient_id: UUID) -> Recipient:
    """Return a recipient; of a sub-account, the contact whose choices are its own. Raises NotFound."""
    recipient_id = await sub_accounts.contact_of(tx, recipient_id) or recipient_id
    found = await recipients.find(tx, recipient_id)
    if found is None:
        raise NotFound
    return found


async def _preferences(tx: Transaction, recipient: Recipient) -> PreferencesShown:
    chosen = await preferences.choices_of(tx, recipient.id)
    asked = [Asked(tx.tenant_id, recipient.id, recipient.email, category, None) for category in Category]
    shown = list[PreferenceShown]()
    for category, standing in zip(Category, await preferences.standings_across(tx, asked), strict=True):
        decision = preference.decide(category, standing)
        shown.append(
            PreferenceShown(
                category=category,
                choice=chosen.get(category),
                mandatory=category in MANDATORY,
                wanted=decision.wanted,
                ground=decision.ground,
            )
        )
    return PreferencesShown(recipient_id=recipient.id, version=recipient.version, categories=shown)


_OF_RECIPIENT = "/v1/recipients/{recipient_id}"
ROUTES = (
    Route("GET", f"{_OF_RECIPIENT}/preferences", get_preferences, gives=PreferencesShown),
    Route(
        "PATCH", f"{_OF_RECIPIENT}/preferences", set_preferences, takes=ChoicesSet, gives=PreferencesShown, edits=True
    ),
    Route("GET", f"{_OF_RECIPIENT}/explanation", explain, takes=ExplanationQuery, gives=ExplanationShown),
    Route("GET", "/v1/default-preferences", get_defaults, gives=DefaultsShown),
    Route("PATCH", "/v1/default-preferences", set_defaults, takes=ChoicesSet, gives=DefaultsShown),
    Route("GET", "/v1/retention", get_retention, gives=RetentionShown),
    Route("PUT", "/v1/retention", set_retention, takes=RetentionSet, gives=RetentionShown, edits=True),
)
