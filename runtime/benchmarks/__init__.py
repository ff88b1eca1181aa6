"""Workloads that measure the engine, and the same statements without it."""
