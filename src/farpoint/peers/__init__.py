"""Other regions as seen from here: mutual TLS, messages, binary streams, and the client that pulls through them."""
