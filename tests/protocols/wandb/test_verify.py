"""`wandb verify`, W&B's own check of a self-hosted server, but for sweeps, which this one does not offer."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.filterwarnings("ignore")  # the client leaves its files open
def test_what_wandb_verify_checks_is_right(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)  # before the client's program starts: it downloads to where that was
    api = request.getfixturevalue("wandb").Api()
    from wandb.sdk.verify import verify

    assert verify.check_graphql_put(api, "unused")[0]
    assert verify.check_large_post()
    assert verify.check_run(api)
    assert verify.check_artifacts()


@pytest.mark.usefixtures("wandb_env")
def test_what_is_not_offered_is_refused_at_once_by_name(tmp_path):
    (tmp_path / "sweep.yaml").write_text("{method: grid, program: train.py, parameters: {lr: {values: [1, 2]}}}")
    commands = {
        "sweeps": (["sweep", "--project", "p", "sweep.yaml"], ["agent", "default/p/abcdefgh"]),
        "launch and its queues": (["launch-agent", "--queue", "default"],),
    }
    for product, asked in commands.items():
        for command in asked:
            program = Path(sys.executable).with_name("wandb")
            done = subprocess.run([program, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 1
            assert f"This server does not offer {product}." in done.stderr
