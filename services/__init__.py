"""Keyholder's four services and the two packages that they share."""
