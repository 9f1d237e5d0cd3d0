"""HTTP of authz: models, functions, and a route table per noun."""
