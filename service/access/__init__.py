"""Keys, rates and client addresses, independent of HTTP."""
