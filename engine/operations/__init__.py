"""What operators ask of a running installation."""
