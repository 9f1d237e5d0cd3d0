"""Measurements of a running system, over its public interfaces."""
