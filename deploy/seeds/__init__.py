"""Demonstration data, loaded through the public API."""
