"""Other systems that answer the same questions: installed into a folder of the benchmarks' own, and asked in turns.

Each gets the policy in its own language; what differs between people is given with the question, as each system
wants it. Their answers must be ours.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.authz.domain.reach import Reach
from services.contracts.access import RecordFacts
from tests.benchmarks.peer_programs import FOLDER, npm_install, running
from tests.support.running import free_port

LIBRARIES: Final = ("casbin==1.43.0", "celine-regorus==0.9.1", "cedarpy==4.12.2", "cerbos==0.16.1")
CERBOS: Final = "cerbos@0.51.0"
ACTION: Final = "listings.read"

Ask = Callable[[RecordFacts], bool]

CASBIN_MODEL: Final = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = key, reach
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.key && reaches(r.obj, p.reach)
"""
REGO: Final = """
package listings
import rego.v1
default allow := false
held(reach) if {
  some given in input.grants
  given[0] == input.action
  given[1] == reach
}
allow if { held("own"); input.record.assignee == input.user }
allow if { held("principal"); input.record.office in input.principal }
allow if { held("secondary"); input.record.office in input.secondary }
"""
CEDAR: Final = """
permit (principal, action == Action::"listings.read", resource) when {
  principal.reaches.contains("own") && resource.assignee == principal.id
  || principal.reaches.contains("principal") && principal.principal.contains(resource.office)
  || principal.reaches.contains("secondary") && principal.secondary.contains(resource.office)
};
"""
CERBOS_POLICY: Final[dict[str, Any]] = {
    "apiVersion": "api.cerbos.dev/v1",
    "resourcePolicy": {
        "version": "default",
        "resource": "listing",
        "rules": [
            {
                "actions": [ACTION],
                "effect": "EFFECT_ALLOW",
                "roles": ["*"],
                "condition": {
                    "match": {
                        "any": {
                            "of": [
                                {"expr": '"own" in P.attr.reaches && R.attr.assignee == P.id'},
                                {"expr": '"principal" in P.attr.reaches && R.attr.office in P.attr.principal'},
                                {"expr": '"secondary" in P.attr.reaches && R.attr.office in P.attr.secondary'},
                            ]
                        }
                    }
                },
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Holder:
    """One person as the peers see him: his offices, and which grants he holds, as key and reach."""

    user_id: UUID
    principal: Collection[UUID]
    secondary: Collection[UUID]
    grants: Sequence[tuple[str, str]]

    @property
    def attributes(self) -> dict[str, Any]:
        """Return what a policy decides by, as JSON."""
        return {
            "reaches": sorted({reach for key, reach in self.grants if key == ACTION}),
            "principal": sorted(map(str, self.principal)),
            "secondary": sorted(map(str, self.secondary)),
        }


def installed(module: str) -> Any:
    """Return a peer's Python module; all are installed on first use."""
    folder = FOLDER / "python"
    if not folder.is_dir():
        command = [sys.executable, "-m", "pip", "install", "-qq", "--target", str(folder), *LIBRARIES]
        subprocess.run(command, check=True)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module(module)


def casbin(holder: Holder) -> Ask:
    """Ask pycasbin, with a line per grant and a function for the reaches."""
    peer = installed("casbin")
    enforcer = peer.Enforcer(peer.Enforcer.new_model(text=CASBIN_MODEL))

    def reaches(record: RecordFacts, reach: str) -> bool:
        match reach:
            case Reach.OWN:
                return record.assignee_id == holder.user_id
            case Reach.SECONDARY:
                return record.office_id in holder.secondary
            case _:
                return record.office_id in holder.principal

    enforcer.add_function("reaches", reaches)
    enforcer.add_policies([list(line) for line in holder.grants])
    return lambda record: enforcer.enforce("u", record, ACTION)


def regorus(holder: Holder) -> Ask:
    """Ask regorus (Rego in Rust), with the grants in the input of each question."""
    engine = installed("regorus").Engine()
    engine.add_policy("listings.rego", REGO)
    user = {"user": str(holder.user_id), "action": ACTION, **holder.attributes}
    user["grants"] = [line for line in holder.grants if line[0] == ACTION]

    def ask(record: RecordFacts) -> bool:
        engine.set_input_json(json.dumps({**user, "record": attributes_of(record)}))
        return bool(engine.eval_rule("data.listings.allow"))

    return ask


def cedar(holder: Holder) -> Ask:
    """Ask cedarpy, with the person and the record as entities of each question."""
    peer = installed("cedarpy")
    policies = peer.PolicySet.from_str(CEDAR)
    uid = {"type": "User", "id": str(holder.user_id)}
    person: dict[str, Any] = {"uid": uid, "attrs": {"id": uid["id"], **holder.attributes}, "parents": []}

    def ask(record: RecordFacts) -> bool:
        resource: dict[str, Any] = {
            "uid": {"type": "Listing", "id": "r"},
            "attrs": attributes_of(record),
            "parents": [],
        }
        request: dict[str, Any] = {
            "principal": f'User::"{uid["id"]}"',
            "action": f'Action::"{ACTION}"',
            "resource": 'Listing::"r"',
            "context": {},
        }
        return bool(peer.is_authorized(request, policies, [person, resource]).allowed)

    return ask


def attributes_of(record: RecordFacts) -> dict[str, str]:
    """Return a record as JSON."""
    return {"office": str(record.office_id), "assignee": str(record.assignee_id)}


@dataclass(frozen=True, slots=True)
class Cerbos:
    """A running Cerbos."""

    pid: int
    http: str
    grpc: str

    def asks(self, holder: Holder) -> Ask:
        """Ask over gRPC, by Cerbos' own client."""
        client = installed("cerbos.sdk.grpc.client").CerbosClient(self.grpc)
        engine, struct = installed("cerbos.engine.v1.engine_pb2"), installed("google.protobuf.struct_pb2")

        def value(of: str | list[str]) -> Any:
            if isinstance(of, str):
                return struct.Value(string_value=of)
            return struct.Value(list_value=struct.ListValue(values=[value(one) for one in of]))

        def attributes(of: Mapping[str, Any]) -> dict[str, Any]:
            return {name: value(each) for name, each in of.items()}

        person = engine.Principal(id=str(holder.user_id), roles=["user"], attr=attributes(holder.attributes))

        def ask(record: RecordFacts) -> bool:
            resource = engine.Resource(kind="listing", id="r", attr=attributes(attributes_of(record)))
            return bool(client.is_allowed(ACTION, person, resource))

        return ask

    def question(self, holder: Holder, records: Sequence[RecordFacts]) -> dict[str, Any]:
        """Return the body of `POST /api/check/resources` about these records."""
        person = {"id": str(holder.user_id), "roles": ["user"], "attr": holder.attributes}
        resources = [
            {"actions": [ACTION], "resource": {"kind": "listing", "id": str(at), "attr": attributes_of(record)}}
            for at, record in enumerate(records)
        ]
        return {"principal": person, "resources": resources}


@asynccontextmanager
async def cerbos(policy: Mapping[str, Any] = CERBOS_POLICY) -> AsyncGenerator[Cerbos]:
    """Run Cerbos on loopback with one policy and without an audit log, which is its fastest. Raises PeerMissing."""
    folder = FOLDER / "cerbos"
    npm_install(folder, CERBOS)
    binary = next(folder.glob("node_modules/@cerbos/cerbos-*/cerbos-*"))
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "listing.json").write_text(json.dumps(policy))
    http, grpc = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = (f"server.httpListenAddr={http}", f"server.grpcListenAddr={grpc}", f"storage.disk.directory={policies}")
    settings += ("telemetry.disabled=true", "storage.driver=disk")
    arguments = [f"--set={setting}" for setting in settings]
    async with running((binary, "server", "--log-level=error", *arguments), f"http://{http}/_cerbos/health") as pid:
        yield Cerbos(pid, f"http://{http}", grpc)
