"""What the processes of the services are told."""

from pathlib import Path

from deploy.local.databases import SERVICES, DatabaseUrls
from deploy.local.services import Services, Surroundings

ROLES = ("owner", "app", "worker")


def services(folder: Path) -> Services:
    around = Surroundings(
        clone=folder,
        logs=folder,
        databases={
            name: DatabaseUrls(*(f"postgresql://{role}:{role}-secret@db/{name}" for role in ROLES)) for name in SERVICES
        },
        amqp_urls=dict.fromkeys(SERVICES, "amqp://broker"),
        smtp_port=2525,
        gateway_url="http://127.0.0.1:8080",
        internal_token=folder / "internal",
        operator_token=folder / "operator",
        bounce_token=folder / "bounce",
        signing_key_passphrase=folder / "passphrase",
    )
    return Services(around, {name: [1, 2] for name in SERVICES}, dict.fromkeys(SERVICES, 3))


def test_each_process_is_told_the_passwords_of_the_roles_that_it_needs_and_no_other(tmp_path: Path) -> None:
    made = services(tmp_path)
    servers, workers = [program for program, _ in made.servers()], [program for program, _ in made.workers()]

    for programs, roles in ((made.migrations(), {"owner"}), (servers, {"app"}), (workers, {"app", "worker"})):
        for program in programs:
            told = "\n".join(program.environment.values())
            assert {role for role in ROLES if f"{role}-secret" in told} == roles, program.name
