"""Arguments and options that several commands take."""

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.session import DEFAULT_URL

if TYPE_CHECKING:
    from podium.cli.client import Client

LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="The most to list.")]
FilterOption = Annotated[
    str | None, typer.Option("--filter", "-f", help="Condition as in the mlflow client: \"tags.team = 'a'\".")
]
OrderOption = Annotated[str | None, typer.Option("--order-by", help='Fields to sort by: "name DESC, …".')]
DescriptionOption = Annotated[str | None, typer.Option("--description", "-d")]
TagsOption = Annotated[list[str] | None, typer.Option("--tag", "-t", help="KEY=VALUE; can be given several times.")]


def complete_model(context: typer.Context, incomplete: str) -> list[str]:
    """Names of models, for the shell's completion; a server that is not there completes nothing."""
    import os

    from podium.cli.client import Client
    from podium.errors import PodiumError

    given = context.find_root().params
    client = Client(
        given.get("url") or os.environ.get("PODIUM_URL", DEFAULT_URL),
        user=None,
        api_key=given.get("api_key") or os.environ.get("PODIUM_API_KEY"),
        team=given.get("team") or os.environ.get("PODIUM_TEAM"),
    )
    try:
        return [model["name"] for model in client.items("models", limit=50, q=incomplete or None)]
    except PodiumError:
        return []
    finally:
        client.close()


ModelArgument = Annotated[str, typer.Argument(help="Name of the model.", autocompletion=complete_model)]
VersionArgument = Annotated[str, typer.Argument(help="Number of the version, or @ALIAS.")]


def parse_tags(tags: list[str] | None) -> dict[str, str]:
    """`KEY=VALUE` texts as a dictionary."""
    parsed: dict[str, str] = {}
    for tag in tags or []:
        key, separator, value = tag.partition("=")
        if not separator:
            raise typer.BadParameter(f"'{tag}' is not KEY=VALUE.", param_hint="--tag")
        parsed[key] = value
    return parsed


def version_number(client: "Client", model: str, version: str) -> int:
    """The number that a VERSION argument means."""
    if version.startswith("@"):
        number: int = client.get("models", model, "aliases", version[1:])["version"]
        return number
    if not version.isdecimal():
        raise typer.BadParameter(f"'{version}' is neither a number nor @ALIAS.", param_hint="VERSION")
    return int(version)
