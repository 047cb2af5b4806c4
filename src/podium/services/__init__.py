"""The rules: who may, what is valid, what follows. Everything that reaches the data goes through a service."""

from podium.services.activity import Activity
from podium.services.api_keys import ApiKeys
from podium.services.artifact_commits import ArtifactCommits
from podium.services.artifact_contents import ArtifactContents
from podium.services.artifact_lineage import ArtifactLineage
from podium.services.artifact_parts import ArtifactParts
from podium.services.artifact_reading import ArtifactReading
from podium.services.artifact_shelf import ArtifactShelf
from podium.services.artifact_versions import ArtifactVersions
from podium.services.artifacts import Artifacts
from podium.services.assessments import Assessments
from podium.services.audit import Audit
from podium.services.cabinet import Cabinet
from podium.services.comments import Comments
from podium.services.comparison import Comparison
from podium.services.context import Context
from podium.services.curves import Curves
from podium.services.dataset_shelf import DatasetShelf
from podium.services.datasets import Datasets
from podium.services.deliveries import Deliveries
from podium.services.evaluation_datasets import EvaluationDatasets
from podium.services.health import Health
from podium.services.lineage import Lineage
from podium.services.links import Links
from podium.services.logged_model_shelf import LoggedModelShelf
from podium.services.logged_models import LoggedModels
from podium.services.made_listings import MadeListings
from podium.services.manifests import Manifests
from podium.services.members import Members
from podium.services.metrics import Metrics
from podium.services.model_files import ModelFiles
from podium.services.model_links import ModelAliases, ModelChanges, Models
from podium.services.model_sync import ModelSync
from podium.services.organizations import Organizations
from podium.services.overview import Overview
from podium.services.palette import Palette
from podium.services.people import People
from podium.services.project_pages import ProjectPages
from podium.services.projects import Projects
from podium.services.promotion import Promotion
from podium.services.registries import Registries
from podium.services.registry import Registry
from podium.services.registry_history import RegistryHistory
from podium.services.registry_members import RegistryMembers
from podium.services.retention import Retention
from podium.services.run_control import RunControl
from podium.services.run_files import RunFiles
from podium.services.run_history import RunHistory
from podium.services.run_pages import RunPages
from podium.services.run_search import RunSearch
from podium.services.run_streams import RunStreams
from podium.services.run_upserts import RunUpserts
from podium.services.runs import Runs
from podium.services.sender import Sender
from podium.services.sign_in import SignIn
from podium.services.signed_urls import SignedUrls
from podium.services.teams import Teams
from podium.services.traces import Traces
from podium.services.tracked_runs import TrackedRuns
from podium.services.users import Users
from podium.services.verification import Verification
from podium.services.versions import Versions
from podium.services.watching import Watching
from podium.services.webhooks import Webhooks


class Services:
    """Every service over one context, built once a process."""

    def __init__(self, context: Context) -> None:  # noqa: PLR0915  a line a service
        self.signed_urls = SignedUrls(context)
        self.artifact_contents = ArtifactContents(context, self.signed_urls)
        self.artifact_commits = ArtifactCommits(context, self.artifact_contents)
        self.artifact_lineage = ArtifactLineage(context)
        self.artifact_parts = ArtifactParts(context, self.signed_urls, self.artifact_contents)
        self.artifact_reading = ArtifactReading(context, MadeListings(context))
        self.artifact_versions = ArtifactVersions(context)
        self.activity = Activity(context)
        self.api_keys = ApiKeys(context)
        self.artifacts = Artifacts(context)
        self.assessments = Assessments(context)
        self.audit = Audit(context)
        self.comments = Comments(context)
        self.datasets = Datasets(context)
        self.evaluation_datasets = EvaluationDatasets(context)
        self.health = Health(context)
        self.links = Links(self.signed_urls)
        self.logged_models = LoggedModels(context)
        self.manifests = Manifests(context)
        self.metrics = Metrics(context)
        self.members = Members(context)
        self.organizations = Organizations(context)
        self.overview = Overview(context)
        self.palette = Palette(context)
        self.people = People(context)
        self.projects = Projects(context)
        self.promotion = Promotion(context)
        self.registry = Registry(context)
        self.registry_history = RegistryHistory(context)
        self.retention = Retention(context)
        self.runs = Runs(context)
        self.run_control = RunControl(context)
        self.run_files = RunFiles(context, self.signed_urls)
        self.run_history = RunHistory(context)
        self.run_search = RunSearch(context)
        self.run_streams = RunStreams(context)
        self.run_upserts = RunUpserts(context)
        self.teams = Teams(context)
        self.traces = Traces(context)
        self.tracked_runs = TrackedRuns(context)
        self.sign_in = SignIn(context)
        self.users = Users(context)
        self.verification = Verification(context)
        self.watching = Watching(context)
        self.versions = Versions(context)
        self.model_sync = ModelSync(context)
        models = Models(self.registry, self.versions, self.promotion, self.model_sync)
        self.artifact_aliases = ModelAliases(context, models)
        self.artifact_changes = ModelChanges(context, models)
        self.lineage = Lineage(context)
        self.registries = Registries(context, self.model_sync)
        self.registry_members = RegistryMembers(context)
        sender = Sender()
        self.webhooks = Webhooks(context, sender)
        self.deliveries = Deliveries(context, sender)
        self._for_pages(context)

    def _for_pages(self, context: Context) -> None:
        """Those that only the web pages ask."""
        self.artifact_shelf = ArtifactShelf(context)
        self.cabinet = Cabinet(context)
        self.logged_model_shelf = LoggedModelShelf(context)
        self.model_files = ModelFiles(context)
        self.comparison = Comparison(context, self.model_files)
        self.curves = Curves(context)
        self.dataset_shelf = DatasetShelf(context)
        self.project_pages = ProjectPages(context)
        self.run_pages = RunPages(context)
