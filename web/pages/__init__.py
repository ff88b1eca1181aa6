"""One blueprint, one module per group of pages."""

from web.pages import design, pregnancies, registration, search, sign_in, tasks, trying
from web.pages.blueprint import bp

__all__ = ["bp", "design", "pregnancies", "registration", "search", "sign_in", "tasks", "trying"]
