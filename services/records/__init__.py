"""records: listings, and later all that links to them. Never who may do what."""
