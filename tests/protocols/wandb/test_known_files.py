"""What client or server have already is not sent again."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

FILES = {f"f{number}": f"content {number}" for number in range(20)}


def requests(url: str, method: str) -> int:
    """How many of this method the server answered; asking is one of GET."""
    page = httpx.get(f"{url}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(page)}
    samples = families["podium_requests"].samples
    return int(sum(sample.value for sample in samples if sample.labels["method"] == method))


def log(wandb, name: str) -> None:
    with wandb.init(project="p", settings=wandb.Settings(disable_code=True)) as run:
        artifact = wandb.Artifact(name, type="dataset")
        for path, text in FILES.items():
            with artifact.new_file(path) as file:
                file.write(text)
        run.log_artifact(artifact).wait()


def test_files_that_the_server_has_are_not_uploaded_again(wandb, wandb_env):
    counts = [requests(wandb_env, "PUT")]
    for name in ("first", "second"):
        log(wandb, name)
        counts.append(requests(wandb_env, "PUT"))
    once, again = counts[1] - counts[0], counts[2] - counts[1]
    assert again < len(FILES) <= once  # its list of files, and the files of the run: some five


def test_files_in_the_client_s_cache_are_not_read_again(wandb, wandb_env, tmp_path):
    log(wandb, "data")
    wandb.Api().artifact("p/data:latest").download(str(tmp_path / "first"))
    before = requests(wandb_env, "GET")
    target = wandb.Api().artifact("p/data:latest").download(str(tmp_path / "second"))
    assert {path.name: path.read_text() for path in (tmp_path / "second").iterdir()} == FILES, target
    # The list of files, and this question.
    assert requests(wandb_env, "GET") - before <= 2
