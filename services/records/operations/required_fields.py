"""Choosing what must be filled in, and holding records to it."""

from datetime import datetime

from services.chassis.authz_client import require
from services.chassis.database import Database, Transaction
from services.chassis.problems import FieldError, Invalid, Stale
from services.contracts.access import AccessSnapshot
from services.records.domain.record import Record
from services.records.domain.required import Rules, RuleSet, check, choosable, may_matter, stages_of
from services.records.store import required_fields
from services.records.store.table import Table

KEY = "admin.required_fields.update"


async def choose(db: Database, snapshot: AccessSnapshot, table: Table[Record], made: RuleSet, now: datetime) -> RuleSet:
    """Make these the rules of a section, in place of the version before; they hold for whatever is saved from now on.

    Raises PermissionMissing, Invalid for fields or stages that cannot be chosen, Stale.
    """
    require(snapshot, KEY)
    _refuse_unknown(table, made.rules)
    async with db.transaction(snapshot.tenant_id) as tx:
        if (await required_fields.find(tx, table.section.name)).version != made.version - 1:
            raise Stale
        await required_fields.insert(tx, table.section.name, made, snapshot.user_id, now)
    return made


async def hold_to_rules(tx: Transaction, table: Table[Record], before: Record | None, after: Record) -> None:
    """Refuse a record that the agency's rules do not let be saved so. Raises RequiredFieldMissing.

    Takes no lock: what began to be saved before a rule came counts as saved before it.
    """
    if may_matter(before, after):
        check((await required_fields.find(tx, table.section.name)).rules, before, after)


def _refuse_unknown(table: Table[Record], rules: Rules) -> None:
    known, stages = choosable(table.kind), stages_of(table.kind)
    wrong = [
        FieldError(f"/{stage}", "field", f"There is no such field to require here: {name}.")
        for stage, names in rules.items()
        for name in sorted(names)
        if name not in known or stage not in stages
    ]
    if wrong:
        raise Invalid(errors=wrong)
