"""The offline list of common passwords. It is part of the program: without it identity does not start.

Source: django/contrib/auth/common-passwords.txt.gz of Django 5.2.19 (BSD-3-Clause, see common_passwords.LICENSE),
19,640 passwords by Royce Williams from public leaks, unchanged.
"""

import gzip
import unicodedata
from pathlib import Path
from typing import Final

_LIST: Final = Path(__file__).with_name("common_passwords.txt.gz")


def common_passwords() -> frozenset[str]:
    """Return the common passwords, in NFC and case-folded."""
    with gzip.open(_LIST, "rt", encoding="utf-8") as lines:
        return frozenset(unicodedata.normalize("NFC", line.strip()).casefold() for line in lines if line.strip())
