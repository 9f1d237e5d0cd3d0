"""Passwords and tokens made at the first start and kept, readable by the owner only."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from deploy.local.accounts import private_folder


class SecretFolder:
    """A folder of secrets, one per file, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)

    def file(self, name: str) -> Path:
        """Return the file that holds the secret."""
        path = self._folder / name
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        return path

    def text(self, name: str) -> str:
        """Return the secret itself."""
        return self.file(name).read_text()


def derived(secret: str, purpose: str) -> str:
    """Return a password for `purpose` that only holders of `secret` can compute, always the same."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
