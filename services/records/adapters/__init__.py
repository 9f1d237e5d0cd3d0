"""What records does with the world outside its database."""
