"""The gateway: nginx in front of the services, from the templates in `deploy/gateway`."""

import json
import os
import shutil
import signal
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.accounts import own, private_folder, server_account
from deploy.local.binaries import nginx_program
from deploy.local.children import Program
from deploy.local.parts import Part, Report, silent
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.probes import answers_http

TEMPLATES = Path(__file__).resolve().parent.parent / "gateway"
WANTED_PORTS = {"gateway": 8080}
# What nginx itself answers with: status → (title, code, seconds after which to try again). Where a service could give
# the same answer, the words are the same: a client need not know who refused.
PROBLEMS: Mapping[int, tuple[str, str, int | None]] = {
    400: ("The request cannot be read.", "malformed", None),
    404: ("There is nothing here.", "not_found", None),
    405: ("This address does not answer that method.", "method_not_allowed", None),
    408: ("The request did not arrive in time.", "request_timeout", None),
    411: ("Say how long the body is.", "length_required", None),
    413: ("The request body is too large.", "too_large", None),
    414: ("The address is too long.", "uri_too_long", None),
    429: ("Too many requests.", "limited", 5),
    500: ("Something went wrong on our side.", "internal", None),
    503: ("The service cannot answer at the moment.", "unavailable", 2),
}
# Statuses of nginx told as another: 403 is a folder of pages, 494 its own number for too large a header.
TOLD_AS = {403: 404, 494: 400, 501: 400, 502: 503, 504: 503}


class Text(string.Template):
    """A template whose marks cannot be mistaken for nginx variables."""

    delimiter = "%%"


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients and services may do."""

    sign_ins_per_minute: int = 120
    """How many log-ins one address may try."""
    sign_in_burst: int = 60
    """How many more at once are let through."""
    silence_seconds: int = 60
    """How long a service may send nothing before it is given up."""
    export_silence_seconds: int = 900
    """The same of exports, which are packed before they leave."""


USUAL_LIMITS = Limits()


class Gateway:
    """nginx in `folder`, listening on the loopback address."""

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        upstreams: Mapping[str, Sequence[int]],
        *,
        limits: Limits = USUAL_LIMITS,
        mailbox_url: str | None = None,
        report: Report = silent,
    ) -> None:
        """Choose its port; `upstreams` are the ports of each service's serve processes."""
        self._folder = folder
        self._home = folder / "gateway"
        self._account = server_account()
        self._upstreams = upstreams
        self._limits = limits
        self._mailbox_url = mailbox_url
        self._report = report
        self.port = ports.choose("gateway")
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.parts: dict[str, Part] = {}

    async def start(self) -> None:
        """Write the configuration, run nginx, return when it answers; raises PartFailedError or MissingError."""
        nginx = nginx_program(self._account, self._folder / "binaries")
        private_folder(self._home, self._account)
        self._write_files()
        # `-e` keeps nginx from opening the machine's own error log before it has read our configuration.
        argv = [str(nginx), "-p", str(self._home), "-e", "stderr", "-c", str(self._home / "nginx.conf")]
        program = Program(
            name="gateway",
            argv=argv,
            environment={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._home)},
            directory=self._home,
            log=self._folder / "logs/gateway.log",
            account=self._account,
            stop_signal=signal.SIGQUIT,
        )
        part = Part(program, lambda: answers_http(self.port, "/"), folder=self._folder / "run", report=self._report)
        self.parts[program.name] = part
        await part.start()

    def _write_files(self) -> None:
        values = {
            "workers": "1",
            "folder": str(self._home),
            "pages": str(self._home / "pages"),
            "access_log": str(self._folder / "logs/gateway.log"),
            "address": LOOPBACK,
            "port": str(self.port),
            "sign_ins_per_minute": str(self._limits.sign_ins_per_minute),
            "sign_in_burst": str(self._limits.sign_in_burst),
            "silence": f"{self._limits.silence_seconds}s",
            "export_silence": f"{self._limits.export_silence_seconds}s",
            "upstreams": "".join(_upstream(name, ports) for name, ports in self._upstreams.items()),
            "mailbox": _redirect("/mailbox", self._mailbox_url) if self._mailbox_url else "",
        }
        routes = {"routes": self._routes("/api", values), "routes_once": self._routes("/once", values)}
        self._write("nginx.conf", _rendered("nginx.conf.in", {**values, **routes}))
        self._write("problems.inc", _problems(self._home))
        for name in ("proxy.inc", "headers.inc"):
            self._write(name, (TEMPLATES / name).read_text())
        pages = private_folder(self._home / "pages", self._account)
        for page in (TEMPLATES / "pages").iterdir():
            shutil.copyfile(page, pages / page.name)
            own(pages / page.name, self._account)

    def _routes(self, prefix: str, values: Mapping[str, str]) -> str:
        return _rendered("sign_in.conf.in", {**values, "prefix": prefix}) + "".join(
            _rendered("service.conf.in", {**values, "prefix": prefix, "service": name}) for name in self._upstreams
        )

    def _write(self, name: str, text: str) -> None:
        (self._home / name).write_text(text)
        own(self._home / name, self._account)


def _rendered(template: str, values: Mapping[str, str]) -> str:
    return Text((TEMPLATES / template).read_text()).substitute(values)


def _upstream(service: str, ports: Sequence[int]) -> str:
    servers = "".join(f"        server {LOOPBACK}:{port} max_fails=3 fail_timeout=5s;\n" for port in ports)
    return f"    upstream {service} {{\n{servers}        keepalive 32;\n    }}\n"


def _redirect(path: str, target: str) -> str:
    return f"        location = {path} {{\n            return 302 {target};\n        }}\n"


def _problems(folder: Path) -> str:
    lines = [f"error_page {status} /.problem/{status};" for status in PROBLEMS]
    lines += [f"error_page {status} ={told} /.problem/{told};" for status, told in TOLD_AS.items()]
    for status, (title, code, seconds) in PROBLEMS.items():
        problem: dict[str, object] = {
            "type": f"urn:keyholder:problem:{code}",
            "title": title,
            "status": status,
            "detail": title,
            "code": code,
            "errors": [],
        }
        # Not part of json.dumps: its value is a variable that nginx fills in.
        body = json.dumps(problem)[:-1] + ', "request_id": "$kept_request_id"}'
        retry = (
            ""
            if seconds is None
            else f"    include {folder}/headers.inc;\n    add_header Retry-After {seconds} always;\n"
        )
        lines.append(
            f"location = /.problem/{status} {{\n    internal;\n    default_type application/problem+json;\n"
            f"{retry}    return {status} '{body}';\n}}"
        )
    return "\n".join(lines) + "\n"
