"""What the pages are shown with: a team's work of a week, told to the server in a second."""

from typing import Any, Self

import httpx

T0 = 1_790_000_000_000


class Story:
    """Writes through MLflow's protocol, as the clients do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """An answer of MLflow's protocol."""
        return self._call("POST", path, body)

    def patch(self, path: str, **body: Any) -> dict[str, Any]:
        """The same, for what changes a part."""
        return self._call("PATCH", path, body)

    def project(self, name: str) -> str:
        return str(self.post("experiments/create", name=name)["experiment_id"])

    def run(self, project: str, name: str, metrics: dict[str, float], params: dict[str, str] | None = None) -> str:
        """A finished run."""
        run = self.post("runs/create", experiment_id=project, run_name=name, start_time=T0)["run"]["info"]["run_id"]
        points = [{"key": key, "value": value, "timestamp": T0, "step": 0} for key, value in metrics.items()]
        pairs = [{"key": key, "value": value} for key, value in (params or {}).items()]
        self.post("runs/log-batch", run_id=run, metrics=points, params=pairs)
        self.post("runs/update", run_id=run, status="FINISHED", end_time=T0 + 60_000)
        return str(run)

    def file(self, project: str, run: str, path: str, content: bytes) -> None:
        """A file among the run's artifacts."""
        self.put(f"{project}/{run}/artifacts/{path}", content)

    def put(self, path: str, content: bytes) -> None:
        """A file of the team's tree."""
        self._http.put(f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=content).raise_for_status()

    def model(self, name: str, description: str = "") -> None:
        self.post("registered-models/create", name=name, description=description)

    def version(self, name: str, project: str, run: str) -> int:
        """A version with the files in the run's folder `model`."""
        source = f"mlflow-artifacts:/{project}/{run}/artifacts/model"
        made = self.post("model-versions/create", name=name, source=source, run_id=run)
        return int(made["model_version"]["version"])

    def stage(self, name: str, version: int, stage: str) -> None:
        self.post("model-versions/transition-stage", name=name, version=str(version), stage=stage)

    def alias(self, name: str, alias: str, version: int) -> None:
        self.post("registered-models/alias", name=name, alias=alias, version=str(version))

    def standing(self, name: str) -> dict[str, str]:
        """The newest version of each stage, as MLflow's client sees it."""
        found = self._call("GET", "registered-models/get", {"name": name})["registered_model"]
        return {version["current_stage"]: version["version"] for version in found.get("latest_versions", [])}

    def model_with_versions(self, name: str, accuracies: list[float]) -> None:
        """A model with a version for each accuracy, each from a run of its own with files."""
        project = self.project(f"{name}-training")
        self.model(name, f"Tells *kinds* apart: **{name}**.")
        for number, accuracy in enumerate(accuracies, 1):
            metrics = {"accuracy": accuracy, "loss": 1 - accuracy}
            run = self.run(project, f"attempt {number}", metrics, {"depth": str(number), "seed": "7"})
            self.file(project, run, "model/MLmodel", f"flavors:\n  python_function:\n    n: {number}\n".encode())
            self.file(project, run, "model/data/notes.csv", b"kind,count\nsetosa,50\nvirginica,49\n")
            self.version(name, project, run)

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        how: dict[str, Any] = {"params": body} if method == "GET" else {"json": body}
        answer = self._http.request(method, f"/api/2.0/mlflow/{path}", **how)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
