"""The unmodified `wandb` client, pointed at a server of its own and kept away from the user's files."""

from pathlib import Path

import pytest

KEY = "local-" + "0" * 40


@pytest.fixture
def wandb_env(server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's URL; the environment points the client at it."""
    for name in ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR", "ARTIFACT_DIR"):
        folder = tmp_path / "wandb-client" / name.lower()
        folder.mkdir(parents=True)
        monkeypatch.setenv(f"WANDB_{name}", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "wandb-client"))
    monkeypatch.setenv("NETRC", str(tmp_path / "wandb-client" / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", server_url)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_CONSOLE", "off")
    return server_url


@pytest.fixture
def wandb(request: pytest.FixtureRequest):
    """The wandb package; its background process ends with the test."""
    request.getfixturevalue("wandb_env")
    import wandb
    from wandb.sdk.artifacts.artifact_instance_cache import artifact_instance_cache

    artifact_instance_cache.clear()  # the servers of other tests gave the same ids

    wandb.setup()
    yield wandb
    wandb.teardown()
