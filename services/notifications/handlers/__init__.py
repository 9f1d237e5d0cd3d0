"""HTTP of notifications: models, functions, and a route table per noun."""
