"""Pages that are kept while what they are of does not change."""

from podium.services.kept_pages import KeptPages
from podium.services.searching import Found


class Searches:
    """Counts how often it was asked."""

    def __init__(self, *keys: int) -> None:
        self.keys, self.count = list(keys), 0

    def __call__(self) -> Found[int]:
        self.count += 1
        return Found(self.keys, None)


def test_a_page_is_searched_for_once_a_revision_and_question():
    pages, search = KeptPages(), Searches(1, 2)
    for _ in range(3):
        assert pages.find((7, 1), "q", search).items == [1, 2]
    assert search.count == 1
    pages.find((7, 1), "another", search)
    pages.find((8, 1), "q", search)
    assert search.count == 3
    search.keys = [3]
    assert pages.find((7, 2), "q", search).items == [3]
    assert pages.find((7, 2), "q", search).items == [3]
    assert search.count == 4


def test_pages_asked_for_longest_ago_make_room():
    pages, search = KeptPages(max_keys=60), Searches(*range(10))
    for question in "abc":  # each counts twenty
        pages.find((1, 1), question, search)
    pages.find((1, 1), "a", search)
    pages.find((1, 1), "d", search)
    assert search.count == 4
    pages.find((1, 1), "a", search)
    assert search.count == 4
    pages.find((1, 1), "b", search)
    assert search.count == 5


def test_a_page_over_the_limit_is_answered_and_not_kept():
    pages, search = KeptPages(max_keys=15), Searches(*range(10))
    assert len(pages.find((1, 1), "q", search).items) == 10
    assert len(pages.find((1, 1), "q", search).items) == 10
    assert search.count == 2
