"""`seed`: the demo agencies into the running system."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from deploy.arguments import Options
from deploy.commands.overview import overview
from deploy.commands.up import load_demo, loaded
from deploy.local.folders import data_folder
from deploy.local.passwords import SecretFolder
from deploy.local.tenure import tell, told


def run(clone: Path, options: Options) -> int:
    """Load the demo unless it is there already, and print the log-ins."""
    del options
    folder = data_folder(clone, "up")
    state = told(folder)
    if not state:
        print("Keyholder is not running: `python3 -m deploy up`.")
        return 1
    if loaded(folder) is None:
        token = SecretFolder(folder / "secrets").text("operator-token")
        log_ins = asyncio.run(load_demo(folder, str(state["gateway"]), str(state["mailbox"]), token))
        state["log_ins"] = [asdict(one) for one in log_ins]
        tell(folder, state)
    print(overview(state))
    return 0
