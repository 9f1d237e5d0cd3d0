"""What a list or an opened record shows is what its model says, to the letter, be it made from a record or a row."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, cast, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.answers import Composed, respond
from services.chassis.database import Row
from services.contracts.vocabulary import RecordClass
from services.records.domain.projection import Showable, project
from services.records.domain.record import Record
from services.records.handlers import contacts, inquiries, listing_models
from services.records.handlers.edges import Edge
from services.records.handlers.record_models import document_of
from services.records.store.record_rows import RecordRow
from tests.matrix.cases import ANNA, BRUNO, CENTRE, HARBOUR, TEAM
from tests.matrix.test_views import RIGHTS, people

EDGES: Final = (listing_models.EDGE, inquiries.EDGE, contacts.EDGE)
ZONES: Final = st.sampled_from((UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))))
st.register_type_strategy(datetime, st.datetimes(timezones=ZONES))
st.register_type_strategy(Decimal, st.integers(0, 10**11).map(lambda hundredths: Decimal(hundredths).scaleb(-2)))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(str, st.text(st.characters(exclude_categories=["Cs"]), max_size=12))

PLACES: Final = {
    "office_id": st.sampled_from((CENTRE, HARBOUR)),
    "assignee_id": st.sampled_from((ANNA, BRUNO)),
    "created_by": st.sampled_from((ANNA, BRUNO, TEAM)),
    "rights": RIGHTS,
}


def records(edge: Edge) -> st.SearchStrategy[Record]:
    """Return records with anything in any field."""
    kind = edge.table.kind
    hints = get_type_hints(kind)
    drawn = {each.name: st.from_type(hints[each.name]) for each in fields(kind)} | PLACES
    if edge.table.privacy == "false":
        drawn["is_private"] = st.just(False)
    return st.builds(kind, **drawn)


def row_of(edge: Edge, record: Record) -> RecordRow[Record]:
    """Return the row that the database keeps of a record."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    row = dict[str, Any]()
    for name, value in values.items():
        match value:
            case StrEnum():
                row[name] = value.value
            case tuple():
                row[name] = [getattr(each, "value", each) for each in cast("tuple[object, ...]", value)]
            case Decimal():
                row[name.replace("_m2", "_cm2")] = int(value * 10_000)
            case _:
                row[name.replace("_m2", "_cm2")] = value
    row["rights"] = [(right.holder_id, right.record_class.value, right.effect.value) for right in record.rights]
    if edge.table.privacy == "false":
        del row["is_private"]
    return RecordRow(edge.table, cast("Row", row))


@settings(max_examples=200)
@given(drawn=st.data(), edge=st.sampled_from(EDGES), action=st.sampled_from(("list", "read")))
def test_a_record_and_its_row_are_shown_alike_and_as_the_model_says(
    drawn: st.DataObject, edge: Edge, action: str
) -> None:
    who, record = drawn.draw(people()), drawn.draw(records(edge))
    shown: list[Any] = []
    for one in cast("tuple[Showable, ...]", (record, row_of(edge, record))):
        projection = project(one, who, action)
        if projection is None:
            shown.append(None)
            continue
        body = respond(Composed(document_of(projection)), 200, {}, "application/json").body
        assert isinstance(body, bytes)
        shown.append(json.loads(body))
        assert json.loads(edge.shown.model_validate_json(body).model_dump_json()) == shown[-1]
    assert shown[0] == shown[1]


def test_what_is_composed_tells_its_version_as_a_model_does() -> None:
    response = respond(Composed({"version": 7, "class": RecordClass.READ}), 201, {}, "application/json")
    assert response.headers["ETag"] == '"7"'
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (response.status, response.body) == (201, b'{"version":7,"class":"read"}')
