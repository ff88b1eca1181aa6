"""The interface described by itself: `/api/openapi.json`, and a page to read at `/api/docs`."""

from api.openapi.blueprint import blueprint

__all__ = ["blueprint"]
