"""Who acts. The actor is made once, where the request comes in, and passed to every service method."""

import msgspec

DEFAULT_TEAM = "default"
DEFAULT_TEAM_ID = 1  # made by the first migration


class Actor(msgspec.Struct, frozen=True):
    """The caller of a service: a name for the audit trail, and the team whose things it addresses."""

    name: str
    team: str = DEFAULT_TEAM
