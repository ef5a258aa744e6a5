import pytest
from pydantic import BaseModel
from workhall import Processor, RateLimit, Retention, Retry, exponential, fixed, sequence
from workhall.plugins.overrides import OverrideError, apply_overrides, queue_key, read_overrides, unknown_queues


class Payload(BaseModel):
    text: str = ""


LOGO = Processor(
    queue="logo-generation",
    payload=Payload,
    handler="a.b:c",
    retry=Retry(attempts=3, backoff=exponential(3, jitter=0.5)),
)
OTHER = Processor(queue="logo", payload=Payload, handler="a.b:c")


def override(**figures):
    environ = {f"WORKHALL_QUEUE__LOGO_GENERATION__{field}": value for field, value in figures.items()}
    return apply_overrides([LOGO, OTHER], {"PATH": "/bin", "WORKHALL_ENV": "production", **environ})


@pytest.mark.parametrize(
    ("field", "text", "attribute", "value"),
    [
        ("CONCURRENCY", "8", "concurrency", 8),
        ("GLOBAL_CONCURRENCY", "1", "global_concurrency", 1),
        ("TIMEOUT", "2.5", "timeout", 2.5),
        ("PRIORITY", "0", "priority", 0),
        ("CREDITS", " 4 ", "credits", 4),
        ("KEEP_COMPLETE", "500,86400", "keep_complete", Retention(count=500, age_s=86400)),
        ("KEEP_FAILED", "0, 60", "keep_failed", Retention(count=0, age_s=60)),
        ("RATE", "2/1", "rate", RateLimit(max=2, per_s=1)),
        ("RATE", "10/0.5", "rate", RateLimit(max=10, per_s=0.5)),
        ("ATTEMPTS", "7", "retry", Retry(attempts=7, backoff=exponential(3, jitter=0.5))),
        ("BACKOFF", "exponential:3", "retry", Retry(attempts=3, backoff=exponential(3))),
        ("BACKOFF", "fixed:60", "retry", Retry(attempts=3, backoff=fixed(60))),
        ("BACKOFF", "sequence:1,5,30", "retry", Retry(attempts=3, backoff=sequence([1, 5, 30]))),
    ],
)
def test_each_field(field, text, attribute, value):
    changed, other = override(**{field: text})
    assert getattr(changed, attribute) == value
    assert changed == LOGO.model_copy(update={attribute: value})
    assert other is OTHER


def test_several_figures_of_several_queues():
    environ = {
        "WORKHALL_QUEUE__LOGO_GENERATION__ATTEMPTS": "2",
        "WORKHALL_QUEUE__LOGO_GENERATION__BACKOFF": "fixed:0",
        "WORKHALL_QUEUE__LOGO__CONCURRENCY": "3",
    }
    logo, other = apply_overrides([LOGO, OTHER], environ)
    assert logo.retry == Retry(attempts=2, backoff=fixed(0))
    assert (logo.concurrency, other.concurrency) == (5, 3)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("CONCURRENCY", "many", "must be a whole number"),
        ("CONCURRENCY", "", "must be a whole number"),
        ("CONCURRENCY", "0", "greater than or equal to 1"),
        ("CONCURRENCY", "1001", "less than or equal to 1000"),
        ("GLOBAL_CONCURRENCY", "-1", "greater than or equal to 1"),
        ("TIMEOUT", "0", "greater than 0"),
        ("TIMEOUT", "nan", "must be seconds"),
        ("TIMEOUT", "86401", "less than or equal to 86400"),
        ("PRIORITY", "1.5", "must be a whole number"),
        ("ATTEMPTS", "0", "greater than or equal to 1"),
        ("BACKOFF", "exponential", "like exponential:3"),
        ("BACKOFF", "exponential:1,2", "like exponential:3"),
        ("BACKOFF", "linear:3", "like exponential:3"),
        ("BACKOFF", "fixed:-1", "like exponential:3"),
        ("BACKOFF", "fixed:inf", "like exponential:3"),
        ("BACKOFF", "sequence:", "like exponential:3"),
        ("KEEP_COMPLETE", "500", "count,seconds like 500,86400"),
        ("KEEP_COMPLETE", "500,-1", "greater than or equal to 0"),
        ("KEEP_FAILED", "a,b", "count,seconds like 500,86400"),
        ("RATE", "2", "starts/seconds like 2/1"),
        ("RATE", "0/1", "greater than or equal to 1"),
        ("RATE", "2/0", "greater than 0"),
        ("CREDITS", "-1", "greater than or equal to 0"),
        ("CONCURENCY", "8", "no field 'CONCURENCY'; the fields are CONCURRENCY, GLOBAL_CONCURRENCY"),
        ("", "8", "no field ''"),
    ],
)
def test_bad_figure_names_the_variable_and_the_form(field, text, words):
    with pytest.raises(OverrideError) as caught:
        override(**{field: text})
    (sentence,) = caught.value.sentences
    assert sentence.startswith(f"WORKHALL_QUEUE__LOGO_GENERATION__{field}={text!r} cannot be used: ")
    assert words in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")


def test_unknown_queue_names_those_there_are():
    with pytest.raises(OverrideError, match=r"WORKHALL_QUEUE__LOGOS__TIMEOUT names no queue .*: logo, logo-generation"):
        apply_overrides([LOGO, OTHER], {"WORKHALL_QUEUE__LOGOS__TIMEOUT": "5"})


def test_all_bad_figures_are_told_at_once():
    with pytest.raises(OverrideError) as caught:
        override(TIMEOUT="soon", RATE="fast", CREDITS="3")
    assert len(caught.value.sentences) == 2
    assert len(str(caught.value).splitlines()) == 2


def test_nothing_given_nothing_changed():
    assert apply_overrides([LOGO], {"WORKHALL_QUEUES": "1"}) == (LOGO,)


@pytest.mark.parametrize("queue", ["a", "a-b", "a--b", "a-", "9-to-5"])
def test_every_queue_name_can_be_spelt(queue):
    environ = {f"WORKHALL_QUEUE__{queue_key(queue)}__GLOBAL_CONCURRENCY": "9"}
    (changed,) = apply_overrides([LOGO.model_copy(update={"queue": queue})], environ)
    assert changed.global_concurrency == 9


def test_figures_of_absent_queues_can_be_read():
    overrides = read_overrides({"WORKHALL_QUEUE__GONE__TIMEOUT": "5"})
    assert len(unknown_queues(overrides, ["logo"])) == 1
    assert unknown_queues(overrides, ["gone"]) == []
