"""Experiments that try to break the engine, and the models that judge it without sharing its code."""
