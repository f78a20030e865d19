"""ASGI middleware, added by ``http/application.py``."""
