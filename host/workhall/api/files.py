"""``GET /files/{assetId}``: an asset's bytes, for a bearer token or a signed address."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

from litestar import Response, route
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.params import QueryParameter
from litestar.response import Stream

from workhall.access.ownership import AssetNotFound, visible_asset
from workhall.api.assets import AssetId
from workhall.api.auth import read_bearer
from workhall.api.ranges import ByteRange, UnsatisfiableRange, parse_range
from workhall.api.signing import Variant
from workhall.api.sources import FileSource, open_source
from workhall.api.state import ApiRequest
from workhall.jobs.store.brands import read_asset
from workhall.sdk import Asset

__all__ = ["send_file"]

Expires = Annotated[int | None, QueryParameter(ge=0, le=2**53, description="epoch seconds, as signed")]
Signature = Annotated[str | None, QueryParameter(max_length=100, description="as signed")]
Kind = Annotated[Variant, QueryParameter(description="the file itself or its thumbnail")]

# A file is data, never a page: no type guessing, and a document that is opened by itself may run nothing.
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=3600",
}


@route(
    "/files/{assetId:uuid}",
    http_method=["GET", "HEAD"],
    operation_id=lambda _handler, method, _path: "getFile" if method == "GET" else "headFile",
    summary="Load a file",
    tags=["files"],
    security=[{"bearer": []}, {}],
)
async def send_file(
    request: ApiRequest,
    asset_id: AssetId,
    variant: Kind = "original",
    expires: Expires = None,
    signature: Signature = None,
) -> Response[Any]:
    """Send the bytes of an asset; ranges are served."""
    asset = await _authorised(request, str(asset_id), variant, expires, signature)
    url = asset.thumbnail_url if variant == "thumbnail" else asset.url
    return _respond(request, await open_source(request.api.storage, url))


async def _authorised(
    request: ApiRequest, asset_id: str, variant: Variant, expires: int | None, signature: str | None
) -> Asset:
    """Return the asset that the caller may load, by signature where there is one."""
    if expires is None or signature is None:
        return await visible_asset(request.api.database, read_bearer(request), asset_id)
    if not request.api.signer.is_valid(asset_id, variant, expires, signature):
        raise PermissionDeniedException("The signature does not fit this address")
    if expires < time.time():
        raise PermissionDeniedException("This address has expired; get the asset again for a new one")
    found = await request.api.database.read(lambda connection: read_asset(connection, asset_id))
    if found is None:
        raise AssetNotFound
    return found[0]


def _respond(request: ApiRequest, source: FileSource) -> Response[Any]:
    headers = {**_SAFE, **({"ETag": source.etag} if source.etag else {})}
    if _is_known(request, source):
        return Response(None, status_code=304, headers=headers)
    asked = _range(request, source)
    start, end = asked or (0, source.size)
    headers |= {"Content-Length": str(end - start), "Content-Type": source.content_type}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{source.size}"
    status = 206 if asked else 200
    if request.method == "HEAD":
        return Response(None, status_code=status, headers=headers)
    return Stream(source.read(start, end), status_code=status, headers=headers, media_type=source.content_type)


def _is_known(request: ApiRequest, source: FileSource) -> bool:
    """Whether the client has this very file (RFC 9110 §13.1.2, weak comparison)."""
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return source.etag is not None and (source.etag in known or "*" in known)


def _range(request: ApiRequest, source: FileSource) -> ByteRange | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition != source.etag:
        return None  # the client has part of another version: send the whole (RFC 9110 §13.1.5)
    try:
        return parse_range(request.headers.get("range"), source.size)
    except UnsatisfiableRange:
        raise HTTPException(
            f"The file has {source.size} bytes", status_code=416, headers={"Content-Range": f"bytes */{source.size}"}
        ) from None
