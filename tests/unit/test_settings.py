"""Settings: where they come from, which wins, and what is said of wrong ones."""

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
        ({}, {"PODIUM_PORT": "high"}, r"'port' \(from the environment\)"),
        ({"port": 70000}, {}, r"'port' \(from the command line\).*<= 65535"),
        ({"database_url": "mysql://x"}, {}, "'database_url' has to begin with postgresql://"),
        ({"workers": 2}, {}, "'workers': more than one needs PostgreSQL"),
        ({"host": "0.0.0.0"}, {}, "'host'.*--allow-unauthenticated"),
        ({"artifact_store": "s3://bucket"}, {}, "'artifact_store' has to be a folder"),
        ({"log_format": "xml"}, {}, "'log_format'"),
    ],
)
def test_a_wrong_setting_is_named_with_its_source(given: dict, environment: dict, said: str):
    with pytest.raises(InvalidArgument, match=said):
        load_settings(given, None, environment)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[server\n", "not valid TOML"),
        ("[sever]\nport = 1\n", "unknown section 'sever'"),
        ("[server]\nprot = 1\n", "prot"),
        ("server = 1\n", "has to be a section"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, content: str, said: str):
    file = tmp_path / "podium.toml"
    file.write_text(content)
    with pytest.raises(InvalidArgument, match=said):
        load_settings({}, file, {})


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InvalidArgument, match=r"nowhere\.toml cannot be read: No such file"):
        load_settings({}, tmp_path / "nowhere.toml", {})


def test_beyond_loopback_only_when_told_so():
    assert load_settings({"host": "0.0.0.0", "allow_unauthenticated": True}, None, {}).host == "0.0.0.0"


def test_mlflows_own_variable_binds_the_sources_of_versions():
    theirs = {"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": "^s3:"}
    assert load_settings({}, None, theirs).version_source_pattern == "^s3:"
    assert load_settings({}, None, {**theirs, "PODIUM_VERSION_SOURCE_PATTERN": "^gs:"}).version_source_pattern == "^gs:"
    with pytest.raises(InvalidArgument, match="no regular expression"):
        load_settings({}, None, {"PODIUM_VERSION_SOURCE_PATTERN": "("})
