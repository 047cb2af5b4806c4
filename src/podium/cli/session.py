"""What the options before the command say: which server, who asks, and how answers are printed."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from podium.cli.client import Client

DEFAULT_URL = "http://127.0.0.1:5000"


class Session:
    """The connection of one command. The HTTP client is imported and made when first used."""

    def __init__(self, url: str, *, user: str | None, api_key: str | None, team: str | None, as_json: bool) -> None:
        self._url, self._user, self._api_key, self._team = url, user, api_key, team
        self.as_json = as_json
        self._client: Client | None = None

    @property
    def client(self) -> "Client":
        """The client of the server."""
        if self._client is None:
            from podium.cli.client import Client

            self._client = Client(self._url, user=self._user, api_key=self._api_key, team=self._team)
        return self._client

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._client is not None:
            self._client.close()


def session_of(context: typer.Context) -> Session:
    """The session of a command."""
    session = context.obj
    assert isinstance(session, Session), "the main callback makes it"
    return session
