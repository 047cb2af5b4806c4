"""The rules: who may, what is valid, what follows. Everything that reaches the data goes through a service."""

from podium.services.audit import Audit
from podium.services.context import Context
from podium.services.deliveries import Deliveries
from podium.services.health import Health
from podium.services.manifests import Manifests
from podium.services.overview import Overview
from podium.services.projects import Projects
from podium.services.promotion import Promotion
from podium.services.registry import Registry
from podium.services.registry_history import RegistryHistory
from podium.services.run_search import RunSearch
from podium.services.sender import Sender
from podium.services.versions import Versions
from podium.services.webhooks import Webhooks


class Services:
    """Every service over one context, built once a process."""

    def __init__(self, context: Context) -> None:
        self.audit = Audit(context)
        self.health = Health(context)
        self.manifests = Manifests(context)
        self.overview = Overview(context)
        self.projects = Projects(context)
        self.promotion = Promotion(context)
        self.registry = Registry(context)
        self.registry_history = RegistryHistory(context)
        self.run_search = RunSearch(context)
        self.versions = Versions(context)
        sender = Sender()
        self.webhooks = Webhooks(context, sender)
        self.deliveries = Deliveries(context, sender)
