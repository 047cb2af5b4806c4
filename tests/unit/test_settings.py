"""Settings: where they come from, which wins, and what is said of wrong ones."""

import socket
from pathlib import Path

import pytest

from podium.errors import InvalidArgument
from podium.settings import Settings, load_settings


def test_command_line_beats_environment_beats_file_beats_default(tmp_path: Path):
    file = tmp_path / "podium.toml"
    file.write_text('[server]\nport = 1\nhost = "::1"\nlog_level = "debug"\n')
    settings = load_settings({"port": 3, "host": None}, file, {"PODIUM_PORT": "2", "PODIUM_HOST": "localhost"})
    assert settings == Settings(port=3, host="localhost", log_level="debug")


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        (
            {},
            {"PODIUM_PORT": "high"},
            "Setting 'port' (from the variable PODIUM_PORT) has to be a whole number from 0 to 65535.",
        ),
        (
            {"port": 70000},
            {"PODIUM_PORT": "1"},
            "Setting 'port' (from the command line) has to be a whole number from 0 to 65535.",
        ),
        (
            {},
            {"PODIUM_ALLOW_UNAUTHENTICATED": "maybe"},
            "Setting 'allow_unauthenticated' (from the variable PODIUM_ALLOW_UNAUTHENTICATED) has to be true or false.",
        ),
        ({"log_format": "xml"}, {}, "Setting 'log_format' (from the command line) has to be json or text."),
        (
            {},
            {"PODIUM_DATABASE_URL": "mysql://x"},
            (
                "Setting 'database_url' (from the variable PODIUM_DATABASE_URL) has to be a URL that begins with "
                "postgresql://; leave it out for SQLite in the data folder."
            ),
        ),
        (
            {"workers": 2},
            {},
            (
                "Setting 'workers' (from the command line) has to be 1 with SQLite, which has one writing process: "
                "more need PostgreSQL (--database-url)."
            ),
        ),
        (
            {"artifact_store": "s3://key:secret@bucket"},
            {},
            (
                "Setting 'artifact_store' (from the command line) has to be a folder, or s3://bucket/prefix, "
                "gs://bucket/prefix or az://container/prefix."
            ),
        ),
        (
            {},
            {"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": "("},
            (
                "Setting 'version_source_pattern' (from the variable "
                "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX) "
                "has to be a regular expression: missing ), unterminated subpattern at position 0."
            ),
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_source_and_what_is_right(given: dict, environment: dict, said: str):
    with pytest.raises(InvalidArgument) as refused:
        load_settings(given, None, environment)
    assert refused.value.message == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[server\n", "The settings file podium.toml is not valid TOML: "),
        ("[sever]\nport = 1\n", "The settings file podium.toml has an unknown section 'sever'; known: 'server'."),
        ("server = 1\n", "'server' in the settings file podium.toml has to be a section: [server]."),
        (
            "port = 5091\n",
            ("'port' in the settings file podium.toml is outside its section: put it under a line [server]."),
        ),
        ("[server]\nprot = 1\n", "There is no setting 'prot' (from the file podium.toml); did you mean 'port'?"),
        (
            "[server]\ncolour = 1\n",
            "There is no setting 'colour' (from the file podium.toml); known: host, port, data, ",
        ),
        (
            '[server]\nlog_level = "loud"\n',
            "Setting 'log_level' (from the file podium.toml) has to be debug, info, warning or error.",
        ),
        ("[server]\ndata = 5\n", "Setting 'data' (from the file podium.toml) has to be a folder."),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str):
    monkeypatch.chdir(tmp_path)
    file = Path("podium.toml")
    file.write_text(content)
    with pytest.raises(InvalidArgument) as refused:
        load_settings({}, file, {})
    assert refused.value.message.startswith(said)


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_says_what_it_takes(tmp_path: Path, name: str):
    file = tmp_path / "podium.toml"
    file.write_text(f"[server]\n{name} = []\n")
    with pytest.raises(InvalidArgument, match=rf"'{name}' \(from the file .*\) has to be \w+"):
        load_settings({}, file, {})


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("PODIUM_PROT", "PODIUM_PORT"),
        ("PODIUM_WORKER", "PODIUM_WORKERS"),
        ("PODIUM_DATABASEURL", "PODIUM_DATABASE_URL"),
    ],
)
def test_a_misspelt_variable_is_refused(variable: str, meant: str):
    with pytest.raises(InvalidArgument) as refused:
        load_settings({}, None, {variable: "1"})
    assert refused.value.message == f"There is no setting for the variable {variable}; did you mean {meant}?"


def test_variables_of_others_are_left_alone():
    names = ("URL", "USER", "API_KEY", "TEAM", "SECRET_KEY", "SERVER_SETTINGS", "SERVICE_HOST", "SERVICE_PORT")
    others = {f"PODIUM_{name}": "theirs" for name in names}
    assert load_settings({}, None, {**others, "PROT": "1"}) == Settings()


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InvalidArgument, match=r"nowhere\.toml cannot be read: No such file"):
        load_settings({}, tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize("problem", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_a_host_that_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch, problem: Exception):
    def unresolved(*_: object) -> None:
        raise problem

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    with pytest.raises(InvalidArgument) as refused:
        load_settings({}, None, {"PODIUM_HOST": "nowhere"})
    assert refused.value.message == (
        "Setting 'host' (from the variable PODIUM_HOST) has to be an address or a name of this machine, "
        "such as 127.0.0.1: 'nowhere' does not resolve."
    )


def test_mlflows_own_variable_binds_the_sources_of_versions():
    theirs = {"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": "^s3:"}
    assert load_settings({}, None, theirs).version_source_pattern == "^s3:"
    assert load_settings({}, None, {**theirs, "PODIUM_VERSION_SOURCE_PATTERN": "^gs:"}).version_source_pattern == "^gs:"


@pytest.mark.parametrize("url", ["s3://bucket", "s3://my.bucket-1/team/models/", "gs://bucket/a", "az://container/a"])
def test_object_stores(url: str):
    assert load_settings({"artifact_store": url}, None, {}).object_store == url


@pytest.mark.parametrize(
    "url", ["s3:/bucket", "s3://", "S3://bucket", "s3://b/../c", "s3://b/c?x=1", "http://bucket", "s3://b//c"]
)
def test_what_is_no_object_store_and_no_folder_is_refused(url: str):
    with pytest.raises(InvalidArgument, match="'artifact_store'"):
        load_settings({"artifact_store": url}, None, {})


def test_a_folder_is_no_object_store():
    settings = load_settings({"artifact_store": "/srv/blobs"}, None, {})
    assert (settings.object_store, settings.blob_folder) == (None, Path("/srv/blobs"))
