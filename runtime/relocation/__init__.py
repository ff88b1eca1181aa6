"""A region moves from one installation to another while all others work.

Frozen here, written to a folder, read there, compared, marked moved here. What makes it safe: the freeze waits for
every transaction that has written to the region and refuses every later one, so the folder holds the whole truth; the
import is one transaction that ends only when counts and digests of every table are those of the folder; and only the
receipt of that import lets the source be marked moved.
"""
