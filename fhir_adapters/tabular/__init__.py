"""Rows of files and of a hospital's database views: each one result of one woman."""
