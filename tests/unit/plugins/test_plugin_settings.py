import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AnyUrl, BaseModel, Field, SecretBytes, SecretStr, field_validator, model_validator
from workhall import Processor, Secret, WireModel
from workhall.plugins.masking import mask_settings
from workhall.plugins.plugin_settings import (
    PluginSettingsError,
    build_settings,
    settings_prefix,
    unknown_settings,
    unowned_settings,
)


class Payload(BaseModel):
    text: str = ""


class Size(BaseModel):
    width: int = 512
    access_token: str = ""


class Settings(BaseModel):
    api_key: SecretStr | None = Field(None, validation_alias="BFL_API_KEY")
    sender: str = Field("hello@example.org", validation_alias=AliasChoices("FROM_EMAIL", "EMAIL_FROM"))
    model: str = "flux"
    retries: int = Field(2, ge=0)
    styles: list[str] = ["flat"]
    size: Size = Size()


def build(environ: dict[str, str], model: type[BaseModel] = Settings, plugin: str = "logo-generation") -> Any:
    processor = Processor(queue="logo", payload=Payload, handler="a.b:c", settings=model)
    return build_settings(processor, plugin, environ)


def refused(environ: dict[str, str], model: type[BaseModel] = Settings) -> tuple[str, ...]:
    with pytest.raises(PluginSettingsError) as caught:
        build(environ, model)
    return caught.value.sentences


@pytest.mark.parametrize("name", ["logo-generation", "logo_generation", "Logo.Generation"])
def test_prefix(name):
    assert settings_prefix(name) == "WORKHALL_LOGO_GENERATION__"


def test_defaults_and_no_settings():
    assert build({}) == Settings()
    assert build_settings(Processor(queue="q", payload=Payload, handler="a:b"), "p", {}) is None


def test_fields_aliases_and_json():
    settings = build(
        {
            "BFL_API_KEY": "k",
            "EMAIL_FROM": "me@example.org",
            "WORKHALL_LOGO_GENERATION__MODEL": "[not json",
            "WORKHALL_LOGO_GENERATION__RETRIES": "5",
            "WORKHALL_LOGO_GENERATION__STYLES": '["flat", "bold"]',
            "WORKHALL_LOGO_GENERATION__SIZE": '{"width": 64}',
            "MODEL": "not ours",
        }
    )
    assert settings.api_key.get_secret_value() == "k"
    assert settings.sender == "me@example.org"
    assert (settings.model, settings.retries, settings.styles) == ("[not json", 5, ["flat", "bold"])
    assert settings.size.width == 64


def test_first_alias_wins_over_the_second_and_the_plugins_own_variable_over_both():
    environ = {"FROM_EMAIL": "first", "EMAIL_FROM": "second"}
    assert build(environ).sender == "first"
    assert build({**environ, "WORKHALL_LOGO_GENERATION__SENDER": "own"}).sender == "own"


def test_empty_counts_as_not_set():
    settings = build({"BFL_API_KEY": "", "WORKHALL_LOGO_GENERATION__RETRIES": "", "FROM_EMAIL": "", "EMAIL_FROM": "x"})
    assert (settings.api_key, settings.retries, settings.sender) == (None, 2, "x")


def test_json_text_stays_text_where_the_field_takes_text():
    account = json.dumps({"private": 1})
    assert build({"BFL_API_KEY": account}).api_key.get_secret_value() == account


def test_only_the_given_mapping_is_read(monkeypatch):
    monkeypatch.setenv("BFL_API_KEY", "from the process")
    assert build({}).api_key is None


def test_wire_models_do_not_listen_to_camel_case_variables():
    class Camel(WireModel):
        base_url: str = "x"

    assert build({"WORKHALL_LOGO_GENERATION__BASE_URL": "y"}, Camel).base_url == "y"


def test_a_validator_may_split_text():
    class Tags(BaseModel):
        tags: list[str] = []

        @field_validator("tags", mode="before")
        @classmethod
        def _split(cls, value: Any) -> Any:
            return value.split(",") if isinstance(value, str) else value

    assert build({"WORKHALL_LOGO_GENERATION__TAGS": "a,b"}, Tags).tags == ["a", "b"]


def test_missing_setting_names_its_variables():
    class Needy(BaseModel):
        api_key: SecretStr = Field(validation_alias=AliasChoices("RESEND_API_KEY", "EMAIL_API_KEY"))
        region: str

    key, region = refused({}, Needy)
    assert "RESEND_API_KEY" in key
    assert "WORKHALL_LOGO_GENERATION__API_KEY" in key
    assert region == "The plugin logo-generation needs the setting region; set WORKHALL_LOGO_GENERATION__REGION."


def test_bad_values_name_the_variable_that_was_used():
    sentences = refused(
        {"WORKHALL_LOGO_GENERATION__RETRIES": "-1", "WORKHALL_LOGO_GENERATION__SIZE": '{"width": "wide"}'}
    )
    assert [one.split()[0] for one in sentences] == [
        "WORKHALL_LOGO_GENERATION__RETRIES",
        "WORKHALL_LOGO_GENERATION__SIZE.width",
    ]


def test_bad_secret_is_not_repeated():
    class Strict(BaseModel):
        api_key: str = Field("", validation_alias="BFL_API_KEY")

        @field_validator("api_key")
        @classmethod
        def _check(cls, value: str) -> str:
            raise ValueError(f"{value} is too short")

    (sentence,) = refused({"BFL_API_KEY": "hunter2"}, Strict)
    assert sentence == "BFL_API_KEY cannot be used by the plugin logo-generation: it is not valid."


def test_fault_of_the_model_itself():
    class Whole(BaseModel):
        @model_validator(mode="after")
        def _check(self) -> "Whole":
            raise ValueError("give one of a and b")

    assert refused({}, Whole) == ("The settings of the plugin logo-generation do not fit: give one of a and b.",)


@pytest.mark.parametrize("raised", [RuntimeError("boom"), SystemExit(1)])
def test_settings_that_cannot_be_built(raised):
    def fail() -> str:
        raise raised

    class Failing(BaseModel):
        value: str = Field(default_factory=fail)

    (sentence,) = refused({}, Failing)
    assert "cannot be built" in sentence


def test_unknown_variables_of_a_plugin():
    environ = {"WORKHALL_LOGO_GENERATION__MODLE": "x", "WORKHALL_LOGO_GENERATION__MODEL": "y"}
    (sentence,) = unknown_settings("logo-generation", [Settings], environ)
    assert sentence.startswith("WORKHALL_LOGO_GENERATION__MODLE is no setting")
    assert "WORKHALL_LOGO_GENERATION__MODEL" in sentence


def test_variables_of_no_plugin():
    environ = {"WORKHALL_GONE__X": "1", "WORKHALL_LOGO__X": "1", "WORKHALL_QUEUE__A__TIMEOUT": "1", "WORKHALL_ENV": "x"}
    assert [one.split()[0] for one in unowned_settings(["logo"], environ)] == ["WORKHALL_GONE__X"]


class Kind(Enum):
    LOCAL = "local"


class Shown(BaseModel):
    plain: str = "visible"
    number: int = 3
    typed: SecretStr = SecretStr("hunter2")
    raw: SecretBytes = SecretBytes(b"hunter2")
    unset: SecretStr = SecretStr("")
    absent: SecretStr | None = None
    marked: Annotated[str, Secret] = "hunter2"
    marked_inside: Annotated[str, Secret] | None = "hunter2"
    api_key: str = "hunter2"
    proxy: AnyUrl = AnyUrl("http://user:hunter2@proxy.example:8080/")
    several: list[SecretStr] = [SecretStr("hunter2")]
    headers: dict[str, str] = {"x": "1", "auth_token": "hunter2"}
    inner: Size = Size(access_token="hunter2")
    path: Path = Path("/tmp/x")
    kind: Kind = Kind.LOCAL
    enabled: bool = True


def test_masking():
    shown = mask_settings(Shown())
    assert "hunter2" not in json.dumps(shown)
    assert shown == {
        "plain": "visible",
        "number": 3,
        "typed": "••••",
        "raw": "••••",
        "unset": "",
        "absent": None,
        "marked": "••••",
        "marked_inside": "••••",
        "api_key": "••••",
        "proxy": "http://••••@proxy.example:8080/",
        "several": "••••",
        "headers": {"x": "1", "auth_token": "••••"},
        "inner": {"width": 512, "access_token": "••••"},
        "path": "/tmp/x",
        "kind": "local",
        "enabled": True,
    }
    assert mask_settings(None) == {}
