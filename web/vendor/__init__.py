"""Builds `web/static/vendor/` from the locked npm packages of this folder. Nothing here runs in the product."""
