"""What a browser finds at `/`: that Podium is here, and where to go on."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from podium.asgi.router import Route

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Podium</title></head>
<body>
<h1>Podium</h1>
<p>This is a model registry. Point a client at it:</p>
<pre>export MLFLOW_TRACKING_URI={url}
export PODIUM_URL={url}</pre>
<ul>
<li><a href="/api/v1/docs">The API, to browse and to try</a></li>
<li><a href="/ready">Whether database and files are reachable</a></li>
<li><a href="/metrics">Metrics</a></li>
</ul>
</body>
</html>
"""


async def landing(request: Request) -> Response:
    """The page, with the address by which the caller came."""
    # Starlette builds the address from the Host header; what is no host name must not become markup.
    url = str(request.base_url).rstrip("/")
    safe = url if not set(url) & set("<>&\"'") else "http://…"
    return HTMLResponse(_PAGE.format(url=safe), headers={"Content-Security-Policy": "default-src 'none'"})


LANDING = Route("GET", "/", landing)
