"""What the services say to each other: a promise to peers, changed only by growing."""
