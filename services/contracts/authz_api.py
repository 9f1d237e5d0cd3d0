"""Internal calls that authz answers: the access snapshot as JSON."""

from typing import Final

from pydantic import TypeAdapter

from services.contracts.access import AccessSnapshot

SNAPSHOT: Final = TypeAdapter(AccessSnapshot)
"""Reads and writes an access snapshot; sets are lists, ids strings, absent scopes reach nothing."""
