import posixpath
from contextlib import suppress
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from podium.domain.manifests import Manifest, ManifestEntry, diff, normalize_path
from podium.errors import InvalidPath

digests = st.text("0123456789abcdef", min_size=64, max_size=64)
# Leaves begin with "f" and folders do not, so that no file is a folder too.
paths = st.builds(
    lambda folders, leaf: "/".join([*folders, "f" + leaf]),
    st.lists(st.text("abc-. é0", min_size=1, max_size=3).map(lambda name: "d" + name), max_size=3),
    st.text("abc-. é0", max_size=3),
)
trees = st.dictionaries(paths, st.tuples(digests, st.integers(0, 2**40)), max_size=12)
fragments = st.sampled_from(["..", ".", "/", "\\", "%", "2e", "2E", "25", "2f", "5c", "C:", "a", "\0", "é", ":"])
hostile = st.one_of(st.text(), st.lists(fragments, max_size=12).map("".join))


def entries_of(tree):
    return [ManifestEntry(path, digest, size) for path, (digest, size) in tree.items()]


@given(trees, trees)
def test_a_diff_applied_to_the_old_gives_the_new(old_tree, new_tree):
    old, new = Manifest.of(entries_of(old_tree)), Manifest.of(entries_of(new_tree))
    difference = diff(old, new)
    gone = {entry.path for entry in difference.removed} | {before.path for before, _ in difference.changed}
    kept = [entry for entry in old.entries if entry.path not in gone]
    assert list(difference.unchanged) == kept
    assert Manifest.of([*kept, *difference.added, *(after for _, after in difference.changed)]) == new


@given(trees, st.randoms())
def test_the_digest_does_not_depend_on_the_order(tree, random):
    entries = entries_of(tree)
    shuffled = random.sample(entries, len(entries))
    assert Manifest.of(shuffled).digest == Manifest.of(entries).digest


@given(trees, trees)
def test_different_trees_have_different_digests(one, other):
    assert (Manifest.of(entries_of(one)).digest == Manifest.of(entries_of(other)).digest) == (one == other)


@given(hostile)
def test_normal_paths_are_stable_and_stay_inside(raw):
    with suppress(InvalidPath):
        path = normalize_path(raw)
        assert normalize_path(path) == path
        for form in (path, unquote(path), unquote(unquote(path))):
            joined = posixpath.normpath(posixpath.join("/srv/root", form))
            assert PurePosixPath(joined).is_relative_to("/srv/root")
            on_windows = PureWindowsPath("D:/root") / form
            assert on_windows.is_relative_to("D:/root")
            assert ".." not in on_windows.parts
