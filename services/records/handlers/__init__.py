"""The HTTP interface of records."""
