"""identity: licences, offices, people, credentials, sessions. Never rights."""
