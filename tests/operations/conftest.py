from tests.store.conftest import make_world, world

__all__ = ["make_world", "world"]
