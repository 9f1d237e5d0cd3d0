"""HTTP of identity: models, functions, and a route table per noun."""
