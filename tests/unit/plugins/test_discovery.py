import sys

import pytest
from workhall.plugins.discovery import Candidate, discover, find_duplicates, plugin_key


def test_finds_plugins_sorted_without_importing_them(site):
    package = site.add("zebra", "raise RuntimeError('imported')", version="2.1", requires=["workhall>=0.1", "pillow"])
    site.add("ant", "raise RuntimeError('imported')", requires_python=">=3.11")

    ant, zebra = discover()

    assert (ant.name, ant.requires_python) == ("ant", ">=3.11")
    assert zebra == Candidate(
        name="zebra",
        distribution="workhall-zebra",
        version="2.1",
        value=package,
        origin="index",
        requires=("workhall>=0.1", "pillow"),
    )
    assert package not in sys.modules


@pytest.mark.parametrize(
    ("direct_url", "origin"),
    [
        (None, "index"),
        ({"url": "file:///src/shout", "dir_info": {"editable": True}}, "editable"),
        ({"url": "file:///src/shout", "dir_info": {}}, "local"),
        ({"url": "file:///wheels/shout.whl", "archive_info": {}}, "local"),
        ({"url": "https://example.org/shout.whl", "archive_info": {}}, "url"),
        ({"url": "https://example.org/shout.git", "vcs_info": {"vcs": "git", "commit_id": "0"}}, "vcs"),
    ],
)
def test_origin_comes_from_direct_url(site, direct_url, origin):
    site.add("shout", direct_url=direct_url)
    assert [one.origin for one in discover()] == [origin]


def test_unreadable_direct_url_counts_as_local(site):
    package = site.add("shout")
    site.write(f"{package}-1.0.dist-info/direct_url.json", "{")
    assert [one.origin for one in discover()] == ["local"]


def test_one_unreadable_file_does_not_hide_the_others(site):
    site.add("good")
    bad = site.add("bad")
    site.write(f"{bad}-1.0.dist-info/entry_points.txt", "[workhall]\nno equals sign\n")

    by_name = {one.name: one for one in discover()}

    assert by_name["good"].fault == ""
    assert "pip install --force-reinstall workhall-bad" in by_name["workhall-bad"].fault


def test_missing_version_is_a_fault(site):
    package = site.add("shout")
    site.write(f"{package}-1.0.dist-info/METADATA", "Metadata-Version: 2.3\nName: workhall-shout\n")
    (candidate,) = discover()
    assert "Version" in candidate.fault


def test_leftover_folder_without_metadata_is_no_plugin(site):
    site.write("gone-1.0.dist-info/entry_points.txt", "[workhall]\ngone = gone\n")
    assert discover() == ()


def test_leftover_of_an_upgrade_is_no_duplicate(site):
    site.add("shout", version="2.0")
    site.write("workhall_shout-1.0.dist-info/entry_points.txt", "[workhall]\nshout = workhall_shout\n")
    assert [one.version for one in discover()] == ["2.0"]


def test_another_spelling_of_a_leftover_is_no_duplicate(site):
    site.add("shout", distribution="Workhall_Shout", version="2.0")
    leftover = "workhall_shout-1.0.dist-info"
    site.write(f"{leftover}/METADATA", "Metadata-Version: 2.3\nName: workhall-shout\nVersion: 1.0\n")
    site.write(f"{leftover}/entry_points.txt", "[workhall]\nshout = workhall_shout\n")
    assert len(discover()) == 1


def test_folder_of_another_name_is_found_all_the_same(site):
    site.write("odd-1.0.dist-info/METADATA", "Metadata-Version: 2.3\nName: workhall-shout\nVersion: 1.0\n")
    site.write("odd-1.0.dist-info/entry_points.txt", "[workhall]\nshout = workhall_shout\n")
    assert [one.distribution for one in discover()] == ["workhall-shout"]


def test_other_groups_are_not_ours(site):
    package = site.add("shout")
    site.write(f"{package}-1.0.dist-info/entry_points.txt", "[console_scripts]\nshout = workhall_shout:main\n")
    assert discover() == ()


def test_duplicates_name_both_and_none_wins(site):
    site.add("shout", distribution="first")
    site.add("Shout", distribution="second", version="3.0")
    site.add("alone")

    duplicates = find_duplicates(discover())

    assert {one.distribution for one in duplicates} == {"first", "second"}
    sentences = {one.distribution: sentence for one, sentence in duplicates.items()}
    assert "first 1.0" in sentences["first"]
    assert "second 3.0" in sentences["first"]
    assert "`pip uninstall second`" in sentences["first"]
    assert "`pip uninstall first`" in sentences["second"]


def test_names_are_compared_in_one_spelling():
    assert {plugin_key(name) for name in ("Logo_Generation", "logo.generation", "logo-generation")} == {
        "logo-generation"
    }
