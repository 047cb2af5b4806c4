import hashlib

import pytest

from podium.domain.manifests import Manifest, ManifestEntry, check_digest, diff, normalize_path
from podium.errors import InvalidArgument, InvalidPath

A, B = "a" * 64, "b" * 64


def manifest(**files):
    """`manifest(model__pkl=A)` holds the file `model/pkl`."""
    return Manifest.of(ManifestEntry(name.replace("__", "/"), digest, len(name)) for name, digest in files.items())


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("model", "model"),
        ("model/MLmodel", "model/MLmodel"),
        ("model/", "model"),
        ("./model/./data.bin", "model/data.bin"),
        ("..hidden/...", "..hidden/..."),
        ("with space/Ünïcode/模型.bin", "with space/Ünïcode/模型.bin"),
        ("100%", "100%"),
        ("100%25/a%20b", "100%25/a%20b"),
        ("x/C:y", "x/C:y"),
        ("dog%step%1%timestamp%17%5c00%00.png", "dog%step%1%timestamp%17%5c00%00.png"),
        ("s" * 255, "s" * 255),
    ],
)
def test_valid_paths_have_one_normal_form(raw, normal):
    assert normalize_path(raw) == normal


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        (".", "empty"),
        ("/", "empty"),
        ("/etc/passwd", "absolute"),
        (".//etc", "absolute"),
        ("a//b", "empty"),
        ("a//", "empty"),
        ("..", "'..'"),
        ("a/../b", "'..'"),
        ("a/..", "'..'"),
        ("%2e%2e/a", "'..'"),
        ("a/%2E%2e%2Fb", "'..'"),
        ("%252e%252e/a", "'..'"),
        ("%25252e%25252e/a", "'..'"),
        ("%2Fetc", "absolute"),
        ("a\\b", "backslash"),
        ("a/..%5C..%5Cb", "'..'"),
        ("%5C%5Chost/a", "absolute"),
        ("a\x00b", "control"),
        ("a\nb", "control"),
        ("a\x7f", "control"),
        ("C:", "drive"),
        ("c:/windows", "drive"),
        ("c%3A/windows", "drive"),
        ("\ud800", "Unicode"),
        ("é" * 128, "255 bytes"),
        ("ab/" * 1366, "4096 bytes"),
        ("%" + "25" * 20 + "2e", "many times"),
    ],
)
def test_other_paths_are_refused_by_name(raw, reason):
    with pytest.raises(InvalidPath, match=reason) as refused:
        normalize_path(raw)
    assert refused.value.message.startswith(f"Invalid path {raw!r}")


def test_a_digest_is_64_lower_case_hexadecimal_digits():
    assert check_digest(A) == A
    for wrong in ("", "A" * 64, "a" * 65, "a" * 64 + "\n", "g" * 64):
        with pytest.raises(InvalidArgument):
            check_digest(wrong)


def test_the_digest_is_that_of_the_documented_text():
    """This pins the serialization: registered versions carry digests that must stay reproducible."""
    text = f"podium-manifest 1\n{A} 3 MLmodel\n{B} 5 data/ü.bin\n"
    tree = Manifest.of([ManifestEntry("data/ü.bin", B, 5), ManifestEntry("MLmodel", A, 3)])
    assert tree.digest == hashlib.sha256(text.encode()).hexdigest()
    assert tree.size_bytes == 8


@pytest.mark.parametrize(
    "entries",
    [
        [ManifestEntry("a", A, 1), ManifestEntry("a", B, 1)],
        [ManifestEntry("a", A, 1), ManifestEntry("a-b", A, 1), ManifestEntry("a/b", A, 1)],
        [ManifestEntry("a/", A, 1)],
        [ManifestEntry("../a", A, 1)],
        [ManifestEntry("a", "A", 1)],
        [ManifestEntry("a", A, -1)],
    ],
)
def test_what_no_folder_could_hold_is_no_manifest(entries):
    with pytest.raises(InvalidArgument):
        Manifest.of(entries)


def test_a_file_is_found_by_its_path():
    tree = manifest(a__b=A, c=B)
    assert tree.find("c") == ManifestEntry("c", B, 1)
    assert tree.find("a") is None
    assert tree.find("z") is None


def test_a_diff_names_each_file_once():
    difference = diff(manifest(kept=A, moved=A, gone=B), manifest(kept=A, moved=B, new=B))
    assert [entry.path for entry in difference.added] == ["new"]
    assert [entry.path for entry in difference.removed] == ["gone"]
    assert [(old.digest, new.digest) for old, new in difference.changed] == [(A, B)]
    assert [entry.path for entry in difference.unchanged] == ["kept"]
