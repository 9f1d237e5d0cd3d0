"""The account that servers run as: the invoking user's own, or as root one without rights. Standard library only."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Every Debian has it, it owns nothing, and it is nobody's database administrator as `postgres` may be.
UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user that children are started as and that owns their folders."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account for servers that refuse to run as root, None where we are not root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reaches(account: Account | None, path: Path) -> bool:
    """Say whether the account can enter `path`, found by trying: modes, ACLs and mounts all count."""
    if account is None:
        return os.access(path, os.X_OK)
    command = ["test", "-x", str(path)]
    # As uid and gid of `account` and in no other group.
    done = subprocess.run(
        command, user=account.uid, group=account.gid, extra_groups=[], cwd="/", check=False, stdin=subprocess.DEVNULL
    )
    return done.returncode == 0


def own(path: Path, account: Account | None) -> None:
    """Give one file or folder of ours to the account."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def private_folder(path: Path, account: Account | None = None) -> Path:
    """Return `path` as a folder that only the account may enter, made where it is missing."""
    path.mkdir(exist_ok=True)
    path.chmod(0o700)
    if account is None and os.geteuid() != 0:
        return path
    owner = (account.uid, account.gid) if account else (os.geteuid(), os.getegid())
    if (path.stat().st_uid, path.stat().st_gid) != owner:
        os.chown(path, *owner)
    return path
