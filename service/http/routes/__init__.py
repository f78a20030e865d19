"""What the service answers over HTTP, a file a subject."""
