"""``/v1/admin/…``: what operators look at."""

from __future__ import annotations

from litestar import get

from workhall.api.auth import require_admin
from workhall.api.state import ApiRequest
from workhall.api.wire import PluginList, PluginState

__all__ = ["list_plugins"]


@get(
    "/v1/admin/plugins",
    guards=[require_admin],
    operation_id="listPlugins",
    summary="List the installed plugins",
    tags=["admin"],
)
async def list_plugins(request: ApiRequest) -> PluginList:
    """Return every installed plugin and its state; secrets are masked."""
    return PluginList([PluginState(**record.to_json()) for record in request.api.registry.records])
