"""Sends a webhook's message, and no further than it may go.

The addresses of the receiver's host are looked up and checked here, and the connection is made to a checked address, so
a name that leads elsewhere a moment later gains nothing. Redirects are not followed and no proxy is used. Loopback and
private addresses are receivers too: on a self-hosted server they are the usual ones. What never is: link-local
addresses, where clouds tell their machines' credentials, and addresses that name no single host.
"""

import asyncio
import email.utils
import importlib
import ipaddress
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from podium.domain.webhooks import Answer, headers
from podium.errors import InvalidArgument

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10
SHOWN_BYTES = 16_384


class Sender:
    """Posts messages. The HTTP client is loaded when the first one goes out: it takes half a second."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, delivery_id: str, body: str, secret: str | None) -> Answer:
        """The receiver's answer, or why there was none. Never raises for what the receiver does."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._post(url, body, headers(delivery_id, int(time.time()), body, secret))
        except TimeoutError:
            return Answer(error=f"no answer within {TIMEOUT_S} seconds")
        except InvalidArgument as error:
            return Answer(error=error.message)
        except Exception as error:  # noqa: BLE001  a receiver can fail in every way a network knows
            return Answer(error=f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Close the connections that are kept."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _post(self, url: str, body: str, fields: dict[str, str]) -> Answer:
        client = await self._loaded()
        parts = urlsplit(url)
        assert parts.hostname is not None, "check_url saw to it"
        port = parts.port or (443 if parts.scheme == "https" else 80)
        response = await self._connected(client, parts, await checked_addresses(parts.hostname, port), body, fields)
        try:
            return Answer(
                status=response.status_code,
                body=await _beginning(response),
                retry_after=_retry_after(response.headers.get("Retry-After")),
            )
        finally:
            await response.aclose()

    async def _connected(
        self, client: "httpx.AsyncClient", parts: SplitResult, addresses: list[str], body: str, fields: dict[str, str]
    ) -> "httpx.Response":
        """The answer of the first address that can be connected to: `localhost` is often two, with one listening."""
        import httpx  # noqa: PLC0415  the client is here, so this is loaded

        for address in addresses:
            host = f"[{address}]" if ":" in address else address
            request = client.build_request(
                "POST",
                parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl(),
                content=body.encode(),
                headers={**fields, "Host": parts.netloc, "User-Agent": "podium-webhooks"},
                extensions={"sni_hostname": parts.hostname},
            )
            try:
                return await client.send(request, stream=True)
            except httpx.ConnectError:
                if address == addresses[-1]:
                    raise
        raise AssertionError("there is an address, else the look-up had failed")

    async def _loaded(self) -> "httpx.AsyncClient":
        if self._client is None:
            module = await asyncio.to_thread(importlib.import_module, "httpx")
            if self._client is None:  # another message was quicker
                self._client = module.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)
        return self._client


async def checked_addresses(host: str, port: int) -> list[str]:
    """The addresses of `host`. Raises InvalidArgument when it has one that messages may not go to."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InvalidArgument(f"The host '{host}' is not known: {error.strerror}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if is_forbidden(address):
            raise InvalidArgument(f"Webhooks are not sent to {address}, which the host '{host}' stands for.")
    return addresses


def is_forbidden(address: str) -> bool:
    """Whether messages may not go to this address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip == ipaddress.ip_address("fd00:ec2::254"):  # a cloud's metadata, though its network is a private one
        return True
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback)


async def _beginning(response: "httpx.Response") -> str:
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) >= SHOWN_BYTES:
            break
    return content[:SHOWN_BYTES].decode(errors="replace")


def _retry_after(value: str | None) -> int | None:
    """The header's seconds or date, as milliseconds from now."""
    if value is None:
        return None
    if value.isdecimal() and len(value) < 10:
        return int(value) * 1000
    try:
        return max(0, round((email.utils.parsedate_to_datetime(value).timestamp() - time.time()) * 1000))
    except ValueError:
        return None
