"""The rules: who may, what is valid, what follows. Everything that reaches the data goes through a service."""

from podium.services.audit import Audit
from podium.services.context import Context
from podium.services.health import Health
from podium.services.projects import Projects


class Services:
    """Every service over one context, built once a process."""

    def __init__(self, context: Context) -> None:
        self.audit = Audit(context)
        self.health = Health(context)
        self.projects = Projects(context)
