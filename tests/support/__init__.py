"""What the tests stand on: real servers, services in process, an issuer of tokens, a peer that can fail."""
