"""`status`: what runs, and where it answers. Standard library only."""

import asyncio
import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from deploy.arguments import Options
from deploy.commands.overview import overview, variables
from deploy.local.folders import data_folder
from deploy.local.probes import accepts_connections, answers_amqp, answers_http
from deploy.local.tenure import holder, told


def run(clone: Path, options: Options) -> int:
    """Print the state of `up`; 0 if everything answers, 1 if something does not, 3 if it is not running."""
    folder = data_folder(clone, "up")
    state = told(folder)
    if not state:
        pid = holder(folder)
        text = "Keyholder is starting or stopping." if pid else "Keyholder is not running: `python3 -m deploy up`."
        print(text, file=sys.stderr)  # what is read from us is addresses only
        return 1 if pid else 3
    answers = asyncio.run(_answers(state))
    if options.output == "env":
        print("\n".join(f"{name}={shlex.quote(value)}" for name, value in variables(state).items()))
    elif options.output == "json":
        print(json.dumps({**state, "answers": answers}, indent=1))
    else:
        print(overview(state))
        silent = [name for name, answer in answers.items() if not answer]
        print(f"\nNo answer from {', '.join(silent)}." if silent else f"\nEverything answers ({len(answers)} parts).")
    return 0 if all(answers.values()) else 1


async def _answers(state: Mapping[str, object]) -> dict[str, bool]:
    asked = {
        "gateway": answers_http(_port(state["gateway"]), "/"),
        "mailbox": answers_http(_port(state["mailbox"]), "/"),
        "postgresql": accepts_connections(_port(state["postgres"])),
        "rabbitmq": answers_amqp(_port(state["amqp"])),
    }
    for name, url in cast("Mapping[str, str]", state["services"]).items():
        asked[name] = answers_http(_port(url), "/ready")
    return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))


def _port(url: object) -> int:
    return urlsplit(str(url)).port or 0
