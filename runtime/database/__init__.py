"""The database: the embedded server, and the migrations of every room."""
