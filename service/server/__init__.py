"""The server processes: uvicorn, its connections, workers and their supervisor."""
