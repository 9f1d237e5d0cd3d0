"""Where the data of `up` and of `test` lie. Standard library only."""

import hashlib
from pathlib import Path

from deploy.local.accounts import reaches, server_account


def data_folder(clone: Path, command: str) -> Path:
    """Return the data folder of `up` or `test`, made where it is missing.

    It is `.keyholder/NAME` in the clone, unless root's servers, which run without rights, cannot come there
    (a clone in a home that only root may enter): then it is `/var/lib/keyholder-HASH/NAME`.
    """
    account = server_account()
    inside = clone / ".keyholder"
    inside.mkdir(exist_ok=True)
    base = inside
    if account is not None and not reaches(account, inside):
        base = Path("/var/lib") / f"keyholder-{hashlib.sha256(str(clone).encode()).hexdigest()[:8]}"
        base.mkdir(exist_ok=True)
    folder = base / command
    folder.mkdir(exist_ok=True)
    # Root's servers pass through to their own folders; whatever is secret lies in folders of mode 700.
    folder.chmod(0o711 if account else 0o700)
    return folder


def packages_folder(clone: Path) -> Path:
    """Return the folder with the packages unpacked for users who cannot install any."""
    return clone / ".keyholder/packages"
