"""The OpenAPI document: Litestar describes the host's routes, pydantic the payloads and results of the plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final, Literal

from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import encode_json
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workhall.api.endpoints import served_endpoints
from workhall.jobs.payloads import wire_name
from workhall.plugins.registry import Registry
from workhall.sdk import Processor

__all__ = ["openapi_config"]

_REF: Final = "#/components/schemas/{model}"
_FILLED_BY_HOST: Final = ("user_id", "credit_cost")
_FAILURE: Final = {"application/json": {"schema": {"$ref": _REF.format(model="Failure")}}}
_FAILURES: Final = {
    "400": "The request does not fit; `details` names each field",
    "401": "No token, or one that is not good",
    "402": "Not enough credits: also `required` and `available`",
    "403": "The caller may not do this",
    "404": "There is no such thing, or it is somebody else's",
    "409": "The idempotency key stands for another request",
    "413": "The body is too large",
    "503": "The database or Redis is away; try again after `Retry-After` seconds",
}
Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Schemas = Mapping[tuple[Any, Mode], Json]


def openapi_config(registry: Registry) -> OpenAPIConfig:
    """Return the configuration that serves the document below ``/schema``."""
    return OpenAPIConfig(
        title="Workhall",
        version=version("workhall"),
        description="Submit jobs to the queues of the installed plugins, follow them, and fetch what they make.",
        path="/schema",
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        render_plugins=[ScalarRenderPlugin(), _Document(registry)],
    )


class _Document(JsonRenderPlugin):
    """``/schema/openapi.json``, with what the plugins bring; made when it is first asked for."""

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry
        self._rendered = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """Return the document."""
        self._rendered = self._rendered or encode_json(_completed(openapi_schema, self._registry))
        return self._rendered


def _completed(document: Json, registry: Registry) -> Json:
    processors = [one.processor for one in registry.processors.values()]
    schemas, definitions = models_json_schema(_models(processors), ref_template=_REF)
    components: Json = document["components"]["schemas"]
    components.update(definitions.get("$defs", {}))
    components["Failure"] = _failure_schema()
    for path, processor in served_endpoints(registry.processors.values()).items():
        _describe(document["paths"][f"/api{path}"]["post"], processor, _request_model(processor), schemas)
    for processor in processors:
        _describe(document["paths"][f"/api/v1/jobs/{processor.queue}"]["post"], processor, processor.payload, schemas)
    _relax(components, processors, schemas)
    components["JobRecord"]["properties"]["result"] |= {"anyOf": [*_results(processors, schemas), {}]}
    return document


def _models(processors: Iterable[Processor]) -> list[tuple[type[BaseModel], Mode]]:
    models: dict[tuple[type[BaseModel], Mode], None] = {}
    for processor in processors:
        models[processor.payload, "validation"] = None
        models[_request_model(processor), "validation"] = None
        if processor.result is not None:
            models[processor.result, "serialization"] = None
    return list(models)


def _request_model(processor: Processor) -> type[BaseModel]:
    endpoint = processor.endpoint
    return endpoint.request if endpoint is not None and endpoint.request is not None else processor.payload


def _describe(operation: Json, processor: Processor, model: type[BaseModel], schemas: Schemas) -> None:
    content = {"application/json": {"schema": schemas[model, "validation"]}}
    operation["requestBody"] = {"required": True, "content": content}
    operation["description"] = f"Makes work for the queue `{processor.queue}`."
    if processor.result is not None:
        result = schemas[processor.result, "serialization"]
        operation["x-result-schema"] = result
        operation["description"] += f" The job's `result` is a {processor.result.__name__}."
    failures = {status: {"description": text, "content": _FAILURE} for status, text in _FAILURES.items()}
    operation["responses"] = {**operation["responses"], **failures}


def _relax(components: Json, processors: Iterable[Processor], schemas: Schemas) -> None:
    """Take from a payload's required fields what the host fills in."""
    for processor in processors:
        name = schemas[processor.payload, "validation"].get("$ref", "").rpartition("/")[2]
        filled = {wire_name(processor.payload, field) for field in _FILLED_BY_HOST if _has(processor.payload, field)}
        if name in components and "required" in components[name]:
            components[name]["required"] = [one for one in components[name]["required"] if one not in filled]


def _has(model: type[BaseModel], field: str) -> bool:
    return field in model.model_fields


def _results(processors: Iterable[Processor], schemas: Schemas) -> list[Json]:
    unique = {
        processor.result: schemas[processor.result, "serialization"] for processor in processors if processor.result
    }
    return list(unique.values())


def _failure_schema() -> Json:
    return {
        "type": "object",
        "title": "Failure",
        "required": ["error"],
        "properties": {"error": {"type": "string"}, "details": {}},
    }
