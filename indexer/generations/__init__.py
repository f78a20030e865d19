"""What a build publishes: the files of a generation, how they are read, and which one is served."""
