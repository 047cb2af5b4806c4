"""Events and runs in one feed."""

from podium.domain.events import Event
from podium.domain.feeds import BegunRun, FeedPlace, merged

NOBODY = ("ann", 1, "run", "1", "r", "create", None, None, "", "")


def _paged(events: list[Event], runs: list[BegunRun]) -> list[int]:
    """The numbers of what pages of one show, one after the other."""
    shown, place = [], FeedPlace(2**63 - 1, 2**63 - 1, 0)
    while place is not None:
        left = [event for event in events if event.seq < place.seq]
        begun = [run for run in runs if run.at < place.at]
        page, place = merged(left[:2], begun[:2], place, 1)
        shown += [each.seq if isinstance(each, Event) else each.key for each in page]
    return shown


def test_no_event_is_lost_where_clocks_and_numbers_disagree():
    events = [Event(seq, at, *NOBODY) for seq, at in ((12, 103), (11, 100), (10, 101), (9, 99))]
    assert _paged(events, []) == [12, 11, 10, 9]


def test_runs_stand_among_events_by_their_times():
    events = [Event(seq, at, *NOBODY) for seq, at in ((3, 30), (2, 20), (1, 10))]
    runs = [BegunRun(key, "", "", "", "ann", at, 1) for key, at in ((102, 25), (101, 15))]
    assert _paged(events, runs) == [3, 102, 2, 101, 1]
