"""The past of ended instances: how long it stays in the database, its archives, and the way back.

Three steps, each safe by itself: `archive` writes files and deletes nothing; `sweep` deletes what stands in a file
whose checksum it has just proved; `restore` puts it back. What the law wants kept as the record of care, resources and
audit, is not touched by any of them, and an archive's file says until when it may not be destroyed.
"""
