"""How work is run: scheduler, thread pools, single flight and admission."""
