"""ASGI middleware: one file each, put around the routes by ``http/application.py``."""
