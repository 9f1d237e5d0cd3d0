"""Where the data of `up` and of `test` lie. Standard library only."""

import hashlib
import os
import pwd
import sys
from pathlib import Path

from deploy.local.accounts import reaches, server_account


def data_folder(clone: Path, command: str) -> Path:
    """Return the data folder of `up` or `test`, made where it is missing.

    It is `.keyholder/NAME` in the clone, unless root's servers, which run without rights, cannot come there
    (a clone in a home that only root may enter): then it is `/var/lib/keyholder-HASH/NAME`. Ends the process with a
    sentence where the folder cannot be used.
    """
    account = server_account()
    inside = clone / ".keyholder"
    try:
        inside.mkdir(exist_ok=True)
    except PermissionError:
        sys.exit(f"{clone} cannot be written to: clone Keyholder to a folder of your own.")
    base = inside
    if account is not None and not reaches(account, inside):
        base = Path("/var/lib") / f"keyholder-{hashlib.sha256(str(clone).encode()).hexdigest()[:8]}"
        base.mkdir(exist_ok=True)
    folder = base / command
    try:
        folder.mkdir(exist_ok=True)
        owner = folder.stat().st_uid
    except PermissionError:
        owner = inside.stat().st_uid
    if owner != os.geteuid():
        # Its servers would not start on another account's files.
        sys.exit(f"{folder} was made by {pwd.getpwuid(owner).pw_name}: go on as that account, or remove it.")
    # Root's servers pass through to their own folders; whatever is secret lies in folders of mode 700.
    folder.chmod(0o711 if account else 0o700)
    return folder


def packages_folder(clone: Path) -> Path:
    """Return the folder with the packages unpacked for users who cannot install any."""
    return clone / ".keyholder/packages"
