"""The files of a generation, how they are read, and which generation is published."""
