"""Who may use the service, and how much: keys, rates, client addresses. Nothing here knows HTTP."""
