"""The API's frame at /api/v1/: sign-in, errors, pages, throttle. Rooms bring their records in a module `api.py`."""
