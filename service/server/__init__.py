"""The server processes: uvicorn, workers and their cores."""
