import pytest
from workhall.plugins.discovery import Candidate
from workhall.plugins.policy import Policy, check_policy, host_version


def candidate(**fields):
    return Candidate(**({"name": "shout", "distribution": "workhall-shout", "version": "1.0", "value": "x"} | fields))


def policy(**fields):
    return Policy(**({"host": "0.4.2", "python": "3.11.7"} | fields))


@pytest.mark.parametrize("allow", [None, "shout", "other, shout", "SHOUT", "workhall-shout", "workhall_shout"])
def test_allowed(allow):
    assert check_policy(candidate(), policy(allow=allow)) is None


@pytest.mark.parametrize(
    ("allow", "word"), [("", "safe mode"), (" , ", "safe mode"), ("other", "not on the allow-list")]
)
def test_not_allowed_is_disabled_and_says_what_to_set(allow, word):
    verdict = check_policy(candidate(), policy(allow=allow))
    assert verdict.state == "disabled"
    assert word in verdict.reason
    assert "WORKHALL_PLUGINS=" in verdict.reason
    assert "shout`" in verdict.reason


@pytest.mark.parametrize(
    ("origin", "production", "state"),
    [("editable", True, "blocked"), ("editable", False, None), ("vcs", True, None), ("index", True, None)],
)
def test_editable_is_refused_in_production_only(origin, production, state):
    verdict = check_policy(candidate(origin=origin), policy(production=production))
    assert (verdict and verdict.state) == state
    assert verdict is None or "`pip install workhall-shout==1.0`" in verdict.reason


@pytest.mark.parametrize(
    ("requires", "state"),
    [
        ((), None),
        (("workhall",), None),
        (("workhall>=0.4,<0.5", "pillow>=99"), None),
        (("workhall>=0.5",), "incompatible"),
        (("pillow", "WorkHall <0.4"), "incompatible"),
        (("workhall[server]>=1",), "incompatible"),
        (("workhall>=1; python_version < '3'",), None),
        (("workhall>=1; extra == 'new'",), None),
        (("workhall>=0.4.0.dev1",), None),
        (("workhall >>> 1",), "broken"),
    ],
)
def test_compatibility_with_the_host(requires, state):
    verdict = check_policy(candidate(requires=requires), policy())
    assert (verdict and verdict.state) == state
    if state == "incompatible":
        assert "this host is workhall 0.4.2" in verdict.reason
        assert "`pip install --upgrade workhall workhall-shout`" in verdict.reason


@pytest.mark.parametrize(
    ("requires_python", "state"), [("", None), (">=3.11", None), (">=3.99", "incompatible"), ("later", "broken")]
)
def test_compatibility_with_python(requires_python, state):
    verdict = check_policy(candidate(requires_python=requires_python), policy())
    assert (verdict and verdict.state) == state
    assert verdict is None or requires_python in verdict.reason


def test_prerelease_host_fits():
    assert check_policy(candidate(requires=("workhall>=0.4",)), policy(host="0.5.0rc1")) is None


def test_unknown_host_version_is_not_checked():
    assert check_policy(candidate(requires=("workhall>=9",)), policy(host=None)) is None


def test_name_of_the_operators_figures_is_reserved():
    assert "reserved" in check_policy(candidate(name="Queue"), policy()).reason


def test_what_cannot_be_read_is_broken_unless_it_is_off():
    unreadable = candidate(fault="It cannot be read.")
    assert check_policy(unreadable, policy()).state == "broken"
    assert check_policy(unreadable, policy(allow="")).state == "disabled"


def test_host_version_comes_from_metadata(site):
    assert host_version() is None
    site.write("workhall-7.1.dist-info/METADATA", "Metadata-Version: 2.3\nName: workhall\nVersion: 7.1\n")
    assert host_version() == "7.1"
