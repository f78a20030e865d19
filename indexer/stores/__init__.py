"""Where vectors are searched: the contract, its implementations and their registry."""
