"""Planted bugs: each file makes a trial's processes wrong in one way (`plant`) and names the bar that must see it.

Only `runtime.trials.planted` loads them, and only where a trial asks for one.
"""
