"""SQL of authz."""
