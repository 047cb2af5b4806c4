"""The palette: whatever has a name, over all teams of the viewer."""

from podium.domain.access import Actor
from podium.domain.palette import Find, version_in
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries
from podium.store import palette as rows
from podium.store import people
from podium.store.transaction import Tx

MAX_TEXT = 200
PER_GROUP = 6

Finds = dict[str, list[Find]]


class Palette:
    """Finds things by the beginnings of their names."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, actor: Actor, text: str) -> Finds:
        """What fits, by the name of its group; the models changed last where the text is empty."""
        wanted = text.strip()[:MAX_TEXT]

        def work(tx: Tx) -> Finds:
            teams = [team.id for team in self._context.readable_teams(tx, actor)]
            if not wanted:
                return {"Models": rows.find_models(tx, teams, "", PER_GROUP)}
            if wanted.startswith("@"):
                return {
                    "Versions": rows.find_aliases(tx, teams, wanted[1:], PER_GROUP),
                    "People": _people(tx, teams, wanted[1:]),
                }
            numbered = version_in(wanted)
            hidden = hidden_registries(tx, actor, teams)
            return {
                "Models": rows.find_models(tx, teams, wanted, PER_GROUP),
                "Versions": [] if numbered is None else rows.find_versions(tx, teams, *numbered, PER_GROUP),
                "Runs": rows.find_runs(tx, teams, wanted, PER_GROUP),
                "Projects": rows.find_projects(tx, teams, hidden, wanted, PER_GROUP),
                "Artifacts": rows.find_collections(tx, teams, hidden, wanted, PER_GROUP),
                "Datasets": rows.find_datasets(tx, teams, wanted, PER_GROUP),
                "Logged models": rows.find_logged_models(tx, teams, wanted, PER_GROUP),
                "People": _people(tx, teams, wanted),
            }

        return await self._context.store.read(work)


def _people(tx: Tx, teams: list[int], text: str) -> list[Find]:
    return [Find("person", name, "", (name,)) for name in people.select_names(tx, teams, text, PER_GROUP)]
