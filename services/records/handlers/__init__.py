"""HTTP of records: models, functions, and a route table per noun."""
