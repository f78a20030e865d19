"""How long tests wait for what must happen."""

PATIENCE_S = 300
"""Long enough for a machine that is many times slower, or busy with other work. A test that passes does not wait."""
