"""A server that reads a POST and answers {}: what Starlette on uvicorn costs by itself."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def answer(request: Request) -> Response:
    """An empty JSON object, once the body is read."""
    await request.body()
    return Response(b"{}", media_type="application/json")


app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
