"""What logo-generation takes and gives; bounds as in the requirements (`001`, §3)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AnyUrl, ConfigDict, Field, TypeAdapter
from workhall import Preview, WireModel

__all__ = ["LogoAsset", "LogoPayload", "LogoResult", "RenderedLogo"]

_URL: TypeAdapter[AnyUrl] = TypeAdapter(AnyUrl)


def _is_url(value: str) -> str:
    _URL.validate_python(value)
    return value


class LogoPayload(WireModel):
    """One request for logos."""

    model_config = ConfigDict(strict=True)

    user_id: UUID
    brand_id: UUID
    brand_name: str = Field(min_length=1, max_length=200)
    logo_style: Literal["minimal", "bold", "vintage", "modern", "playful"]
    color_palette: list[str] = Field(min_length=1, max_length=8)
    brand_vision: str = Field(max_length=2000)
    archetype: str | None = Field(default=None, max_length=200)
    count: int = Field(default=4, ge=1, le=8)
    is_refinement: bool = False
    previous_logo_url: Annotated[str, AfterValidator(_is_url)] | None = None
    refinement_notes: str | None = Field(default=None, max_length=1000)


class RenderedLogo(WireModel):
    """A step's result: a picture in the storage."""

    index: int
    key: str
    variation: str
    prompt: str
    provider: str


class LogoAsset(WireModel):
    """A logo as the brand's asset; ``url`` loads with the caller's token."""

    id: str
    brand_id: str
    asset_type: Literal["logo"] = "logo"
    url: Annotated[str, Preview("image")]
    thumbnail_url: str | None = None
    metadata: dict[str, Any]
    is_selected: bool = False
    created_at: datetime


class LogoResult(WireModel):
    """The logos that were made; ``generated`` of them are paid for."""

    logos: list[LogoAsset]
    generated: int
    requested: int
    provider: str
    message: str
