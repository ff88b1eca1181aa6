"""How the interpreter was built is read from the facts that differ between builds."""

import pytest

from runtime import interpreter

SHARED = "7f00-7f01 r-xp 00000000 fe:00 1 /opt/python/lib/libpython3.11.so.1.0\n"
ONE_BINARY = "5500-5501 r-xp 00000000 fe:00 1 /usr/bin/python3.11\n"


@pytest.mark.parametrize(
    ("arguments", "maps", "slow"),
    [
        ("'--prefix=/opt' '--enable-shared'", SHARED, True),
        ("'--enable-shared' '--enable-optimizations'", SHARED, False),
        ("'--prefix=/usr' '--enable-shared'", ONE_BINARY, False),  # Debian builds a library beside its program
        (None, SHARED, True),
    ],
)
def test_a_slow_build_is_known_by_its_arguments_and_its_library(monkeypatch, tmp_path, arguments, maps, slow):
    place = tmp_path / "maps"
    place.write_text(maps, encoding="utf-8")
    monkeypatch.setattr(interpreter, "MAPS", place)
    monkeypatch.setattr(interpreter.sysconfig, "get_config_var", lambda _name: arguments)
    assert interpreter.is_slow_build() is slow
    assert interpreter.described().endswith("built without optimisation") is slow


def test_where_the_fact_is_not_to_be_had_nothing_is_claimed(monkeypatch, tmp_path):
    monkeypatch.setattr(interpreter, "MAPS", tmp_path / "none")
    monkeypatch.setattr(interpreter.sysconfig, "get_config_var", lambda _name: "")
    assert not interpreter.is_slow_build()
