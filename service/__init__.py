"""The second floor: a request becomes products."""
