"""What image-upload takes and gives; bounds as in the requirements (`001`, §3)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict
from workhall import WireModel

__all__ = ["ImageUploadPayload", "ImageUploadResult", "SourceUrl"]


def _known_scheme(value: str) -> str:
    if not value.startswith(("https://", "http://", "data:", "storage:")):
        raise ValueError("must be an http(s) or data: URL, or storage:<key>")
    return value


SourceUrl = Annotated[str, AfterValidator(_known_scheme)]


class ImageUploadPayload(WireModel):
    """One picture to be stored; ``metadata["assetId"]`` names the asset that it belongs to."""

    model_config = ConfigDict(strict=True)

    user_id: UUID
    brand_id: UUID
    asset_type: Literal["logo", "mockup", "bundle", "social_asset", "video_thumbnail"]
    source_url: SourceUrl
    file_name: str
    mime_type: str = "image/png"
    metadata: dict[str, Any] | None = None


class ImageUploadResult(WireModel):
    """Where the picture is now; sizes in pixels and bytes."""

    asset_id: str
    storage_path: str
    thumbnail_path: str
    mime_type: str
    sha256: str
    width: int
    height: int
    size: int
