"""The steps of a build: pictures are fetched, encoded or reused, and the result is checked."""
