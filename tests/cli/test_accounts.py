"""Users, keys, teams and organizations on the command line, and who may reach a server from afar."""

import subprocess
from pathlib import Path

import pytest

from support.process import server_command, server_process
from support.server import running_server

from .conftest import Cli


def test_a_server_gets_its_first_user_and_is_closed_from_then_on(tmp_path):
    with running_server(tmp_path) as url:
        podium = Cli(url)
        assert "no accounts" in podium.run("users", "me").stdout
        assert "administer the server" in podium.run("users", "create", "ann", code=1).stderr
        key = podium.run("users", "create", "ann", "--admin").stdout.split()[-1]
        assert "Sign in" in podium.run("users", "list", code=1).stderr
        signed_in = {"PODIUM_API_KEY": key}
        assert "ann" in podium.run("users", "list", **signed_in).stdout

        podium.run("orgs", "create", "acme", "--owner", "ann", **signed_in)
        podium.run("teams", "create", "blue", "--organization", "acme", **signed_in)
        made = podium.run("users", "create", "bob", "--password", "--join", "blue", **signed_in, input="pass\n")
        assert "key" not in made.stdout
        assert "blue" in podium.run("users", "show", "bob", **signed_in).stdout
        podium.run("teams", "add", "blue", "bob", "--role", "viewer", **signed_in)
        assert "viewer" in podium.run("teams", "members", "blue", **signed_in).stdout
        podium.run("orgs", "add", "acme", "bob", **signed_in)
        assert "bob" in podium.run("orgs", "members", "acme", **signed_in).stdout
        podium.run("orgs", "rename", "acme", "Acme Inc.", **signed_in)
        assert "blue" in podium.run("orgs", "teams", "Acme Inc.", **signed_in).stdout

        made = podium.run("keys", "create", "laptop", **signed_in).stdout
        number = made.split()[2].rstrip(",")
        other = {"PODIUM_API_KEY": made.split()[-1]}
        assert "laptop" in podium.run("keys", "list", **other).stdout
        podium.run("keys", "revoke", number, **signed_in)
        assert "not valid" in podium.run("keys", "list", code=1, **other).stderr

        podium.run("teams", "remove", "blue", "bob", **signed_in)
        podium.run("orgs", "remove", "Acme Inc.", "bob", **signed_in)
        podium.run("users", "update", "bob", "--admin", **signed_in)
        podium.run("users", "delete", "bob", **signed_in)
        podium.run("teams", "delete", "blue", **signed_in)
        podium.run("teams", "restore", "blue", **signed_in)
        podium.run("orgs", "delete", "Acme Inc.", **signed_in)
        assert "acme" not in podium.run("orgs", "list", **signed_in).stdout


def test_a_server_without_accounts_is_not_reached_from_afar_unless_told_so(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("PODIUM_ADMIN_API_KEY", raising=False)
    command = server_command(tmp_path / "data", "--host", "0.0.0.0")
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "0.0.0.0 can be reached from other machines, and this server has no accounts" in refused.stderr
    assert "--allow-unauthenticated" in refused.stderr


@pytest.mark.parametrize(
    ("options", "key"), [(["--allow-unauthenticated"], ""), ([], "podium-" + "a" * 40)], ids=["told so", "accounts"]
)
def test_it_is_when_told_so_or_with_accounts(tmp_path: Path, options: list[str], key: str):
    environment = {"PODIUM_ADMIN_API_KEY": key}
    with server_process(tmp_path / "data", tmp_path / "log", "--host", "0.0.0.0", *options, environment=environment):
        pass
