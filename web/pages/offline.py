"""What a browser needs to open a page again without a network: the worker's script, and a page about nobody."""

from __future__ import annotations

from hashlib import sha256

from flask import Response, render_template, url_for

from engine.store import plain
from web.pages.blueprint import HERE, asset, bp

STATIC = HERE / "static"
PARTS = ("css/tokens.css", "css/app.css", "css/print.css", "img/mark.svg")


@bp.get("/service-worker.js")
def service_worker() -> Response:
    """The script with what it keeps: changed whenever one of these files is, so that a browser fetches them again."""
    scripts = sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / "js").glob("*.js"))
    parts = [url_for("web.static", filename=name) for name in (*PARTS, *scripts)]
    shell = [url_for("web.offline"), url_for("web.colours"), *parts]
    build = sha256("".join(asset(name) for name in (*PARTS, *scripts)).encode()).hexdigest()[:12]
    head = f"self.BUILD = {plain.dumps(build).decode()};\nself.SHELL = {plain.dumps(shell).decode()};\n"
    body = head.encode() + (STATIC / "js/service-worker.js").read_bytes()
    return Response(body, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@bp.get("/offline")
def offline() -> Response:
    """Shown where a page cannot be fetched. It knows nobody: what is kept, its script finds on the machine."""
    return Response(render_template("offline.html"), headers={"Cache-Control": "no-cache"})
