"""authz: who may do what. Never records, never who somebody is."""
