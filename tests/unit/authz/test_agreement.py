"""The snapshot, the snapshot after its journey, AuthZEN and the slow reference give one answer, always.

100,000 triples of person, permission and record on every run; a million with KEYHOLDER_TEST_TRIPLES=1000000.
"""

import os
from collections import Counter
from dataclasses import replace
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.explaining import Question, deciding_snapshot, explain
from services.authz.handlers.authzen import decision
from services.contracts.access import RecordFacts, RecordRight
from services.contracts.authz_api import SNAPSHOT
from services.contracts.authzen import EvaluationAsked
from tests.unit.authz.algebra import KEYS, RECORDS, RIGHTS, WholeReference, WholeWorld, whole_worlds
from tests.unit.authz.test_compiling import ME, NOW

CATALOGUE: Final = permission_catalogue()
TRIPLES: Final = int(os.environ.get("KEYHOLDER_TEST_TRIPLES", "100000"))
WORLDS: Final = -(-TRIPLES // (len(KEYS) * len(RECORDS)))


def told(rights: tuple[RecordRight, ...]) -> list[dict[str, str]]:
    """Return record rights as they are told over HTTP."""
    return [
        {"holder_id": str(right.holder_id), "record_class": right.record_class, "effect": right.effect}
        for right in rights
    ]


def evaluation(key: str, record: RecordFacts) -> EvaluationAsked:
    """Return the question as AuthZEN asks it."""
    ids = {name: str(getattr(record, name)) for name in ("office_id", "assignee_id", "created_by")}
    return EvaluationAsked.model_validate(
        {
            "subject": {"type": "user", "id": str(ME)},
            "action": {"name": key},
            "resource": {
                "type": "listings",
                "id": "1",
                "properties": {**ids, "is_private": record.is_private, "record_rights": told(record.rights)},
            },
        }
    )


QUESTIONS: Final = [(key, record, evaluation(key, record)) for key in KEYS for record in RECORDS]


@pytest.mark.timeout(max(120, TRIPLES // 250))
@pytest.mark.catalogue("IMO-B7", "IMO-B9", "IMO-B10", "IMO-B14")
def test_every_way_to_ask_gives_the_answer_of_the_algebra(capsys: pytest.CaptureFixture[str]) -> None:
    counted = Counter[str]()

    @settings(
        max_examples=WORLDS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        database=None,
    )
    @given(whole_worlds(), RIGHTS)
    def compare(world: WholeWorld, rights: tuple[RecordRight, ...]) -> None:
        reference, snapshot = WholeReference(world, NOW), deciding_snapshot(world.standing(), CATALOGUE, NOW)
        arrived = SNAPSHOT.validate_json(SNAPSHOT.dump_json(snapshot))
        for key, record, asked in QUESTIONS:
            expected = reference.decide(key, record)
            evaluated = decision({ME: snapshot}, asked, CATALOGUE)
            agreed = (
                snapshot.decide(key, record) == expected
                and arrived.decide(key, record) == expected
                and evaluated.decision == (expected is not None)
                and evaluated.context.get("view") == expected
            )
            counted["triples"] += 1
            counted["granted"] += expected is not None
            counted["mismatches"] += not agreed
            assert agreed, (key, record, expected)
        for key, plain, _ in QUESTIONS[::7]:
            record = replace(plain, rights=rights)
            expected = reference.decide(key, record)
            evaluated = decision({ME: snapshot}, evaluation(key, record), CATALOGUE)
            assert arrived.decide(key, record) == expected, (key, record)
            assert evaluated.context.get("view") == expected, (key, record)

    try:
        compare()
    finally:
        with capsys.disabled():
            print(f"\n{counted['triples']} triples, {counted['granted']} granted, {counted['mismatches']} mismatches")  # noqa: T201
    assert counted["triples"] >= TRIPLES
    assert counted["triples"] / 20 < counted["granted"] < counted["triples"]


def test_a_stranger_and_another_kind_of_subject_may_do_nothing() -> None:
    _, _, asked = QUESTIONS[0]
    for subject in ({"type": "user", "id": str(UUID(int=9))}, {"type": "robot", "id": str(ME)}):
        stranger = EvaluationAsked.model_validate({**asked.model_dump(), "subject": subject})
        assert decision({}, stranger, CATALOGUE).decision is False


@given(whole_worlds())
def test_an_explanation_never_answers_otherwise(world: WholeWorld) -> None:
    standing = world.standing()
    snapshot = deciding_snapshot(standing, CATALOGUE, NOW)
    for key, record, _ in QUESTIONS[::37]:
        assert explain(standing, Question(key, record), CATALOGUE, NOW).view == snapshot.decide(key, record)
