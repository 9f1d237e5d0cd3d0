"""What a group, a template or a person is granted, replaced as a whole."""

from collections.abc import Collection, Sequence

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.grant import Grant, check_grants, named_in
from services.authz.domain.group import difference
from services.authz.domain.holder import Holder
from services.authz.domain.mode import check_mode
from services.authz.operations.rights_changes import RightsChange
from services.authz.store import grants, modules, people, tenants
from services.contracts.vocabulary import UserId


async def grant_exactly(
    change: RightsChange, catalogue: Catalogue, holder: Holder, wanted: Sequence[Grant], receivers: Collection[UserId]
) -> None:
    """Grant exactly this to a holder, and so to the receivers. What is kept also keeps who gave it, and when.

    Raises Invalid, GrantsMoreThanHeld.
    """
    known = await modules.catalogue(change.tx, catalogue)
    check_grants(wanted, known, await people.known(change.tx, named_in(wanted)))
    changed = difference(await grants.of(change.tx, holder), wanted)
    given = (*changed.added, *changed.retimed)
    check_mode(wanted, given, await tenants.rights_mode(change.tx))
    await change.check_delegation(receivers, [HeldGrant(grant, holder) for grant in given])
    if not changed.is_empty:
        change.concerned.update(receivers)
    await grants.end(change.tx, holder, changed.dropped, change.signature)
    await grants.put(change.tx, holder, given, change.signature)
