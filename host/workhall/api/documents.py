"""The OpenAPI document: Litestar describes the host's routes, pydantic the bodies and results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final, Literal

from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import encode_json
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workhall.api.assets import AssetChange
from workhall.api.brands import BrandChange, NewBrand
from workhall.api.credits import CreditGrant
from workhall.api.endpoints import served_endpoints
from workhall.jobs.payloads import wire_name
from workhall.plugins.registry import Registry
from workhall.sdk import Processor

__all__ = ["openapi_config"]

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Schemas = Mapping[tuple[Any, Mode], Json]

_REF: Final = "#/components/schemas/{model}"
_FILLED_BY_HOST: Final = ("user_id", "credit_cost")
_BODIES: Final[Mapping[str, type[BaseModel]]] = {
    "createBrand": NewBrand,
    "changeBrand": BrandChange,
    "changeAsset": AssetChange,
    "grantCredits": CreditGrant,
}
_FAILURES: Final = {
    "400": "The request does not fit; `details` names each field",
    "401": "No token, or one that is not good",
    "403": "The caller may not do this",
    "404": "There is no such thing, or it is somebody else's",
    "503": "The database or Redis is away; try again after `Retry-After` seconds",
}
_SUBMIT_FAILURES: Final = {
    **_FAILURES,
    "402": "Not enough credits: also `required` and `available`",
    "409": "The idempotency key stands for another request",
    "413": "The body is too large",
}
_ENDED: Final = {"409": "The job has ended"}
_REPLAY_FAILURES: Final = {
    "402": "The user's credits do not suffice: also `required` and `available`",
    "409": "The job has not ended, its plugin is absent, or the idempotency key stands for another request",
}
_FURTHER: Final[Mapping[str, Mapping[str, str]]] = {
    "cancelJob": _ENDED,
    "retryJob": _REPLAY_FAILURES,
    "replayDeadLetter": _REPLAY_FAILURES,
}
_FAILURE: Final[Json] = {
    "type": "object",
    "title": "Failure",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "one sentence"}, "details": {}},
}
_BYTES: Final[Json] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


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
    """``/schema/openapi.json``, with what Litestar cannot know; made when it is first asked for."""

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
    components: Json = document["components"]["schemas"]
    components["Failure"] = _FAILURE
    schemas = _add_models(components, list(dict.fromkeys(_models(processors))))
    _describe_readiness(document["paths"]["/health/ready"]["get"])
    for operation in _operations(document):
        _describe_failures(operation, {**_FAILURES, **_FURTHER.get(operation["operationId"], {})})
        _describe_bodies(operation, schemas)
    for path, processor in served_endpoints(registry).items():
        submit = document["paths"][f"/api{path}"]["post"]
        _describe_submit(submit, processor, _request_model(processor), schemas)
        _describe_endpoint(submit, processor)
    for processor in processors:
        submit = document["paths"][f"/api/v1/jobs/{processor.queue}"]["post"]
        _describe_submit(submit, processor, processor.payload, schemas)
        _relax(components, processor, schemas)
    results = {one.result: schemas[one.result, "serialization"] for one in processors if one.result}
    components["JobRecord"]["properties"]["result"] |= {"anyOf": [*results.values(), {}]}
    return document


def _add_models(components: Json, models: list[tuple[type[BaseModel], Mode]]) -> Schemas:
    """Add the models to the components and return a reference to each.

    They keep their names unless one of them has a name that is taken: then a plugin's models are all marked as such.
    """
    schemas: Schemas = {}
    named: Json = {}
    for prefix in ("", "Plugin"):
        template = _REF.format(model=prefix + "{model}")
        schemas, definitions = models_json_schema(models, ref_template=template)
        named = {prefix + name: schema for name, schema in definitions.get("$defs", {}).items()}
        if not named.keys() & components.keys():
            break
    components.update(named)
    return schemas


def _models(processors: Iterable[Processor]) -> Iterator[tuple[type[BaseModel], Mode]]:
    for body in _BODIES.values():
        yield body, "validation"
    for processor in processors:
        yield processor.payload, "validation"
        yield _request_model(processor), "validation"
        if processor.result is not None:
            yield processor.result, "serialization"


def _request_model(processor: Processor) -> type[BaseModel]:
    endpoint = processor.endpoint
    return endpoint.request if endpoint is not None and endpoint.request is not None else processor.payload


def _operations(document: Json) -> Iterator[Json]:
    for path, item in document["paths"].items():
        if path.startswith(("/api/", "/files/")):
            yield from item.values()


def _describe_failures(operation: Json, failures: Mapping[str, str]) -> None:
    content = {"application/json": {"schema": {"$ref": _REF.format(model="Failure")}}}
    described = {status: {"description": text, "content": content} for status, text in failures.items()}
    operation["responses"] = {**operation["responses"], **described}


def _describe_bodies(operation: Json, schemas: Schemas) -> None:
    name = operation["operationId"]
    if name in _BODIES:
        operation["requestBody"] = _body(schemas[_BODIES[name], "validation"])
    if name in ("getFile", "headFile"):
        whole = {"description": "The file", "content": _BYTES if name == "getFile" else {}}
        operation["responses"] |= {"200": whole, "206": {**whole, "description": "The range that was asked for"}}


def _describe_readiness(operation: Json) -> None:
    missing = {**operation["responses"]["200"], "description": "A part is missing; `error` names it"}
    operation["responses"]["503"] = missing


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _describe_submit(operation: Json, processor: Processor, model: type[BaseModel], schemas: Schemas) -> None:
    _describe_failures(operation, _SUBMIT_FAILURES)
    operation["requestBody"] = _body(schemas[model, "validation"])
    operation["description"] = f"Makes work for the queue `{processor.queue}`."
    if processor.result is not None:
        operation["x-result-schema"] = schemas[processor.result, "serialization"]
        operation["description"] += f" The `result` of a job is a {processor.result.__name__}."


def _describe_endpoint(operation: Json, processor: Processor) -> None:
    """Say what a plugin's own route answers, and that its own proof of the caller is no bearer token."""
    own = processor.endpoint is not None and processor.endpoint.respond is not None
    schema = {"type": "object"} if own else {"$ref": _REF.format(model="Accepted")}
    operation["responses"]["202"]["content"] = {"application/json": {"schema": schema}}
    if processor.endpoint is not None and processor.endpoint.authenticate is not None:
        operation["security"] = []


def _relax(components: Json, processor: Processor, schemas: Schemas) -> None:
    """Take from a payload's required fields what the host fills in."""
    schema = components.get(schemas[processor.payload, "validation"].get("$ref", "").rpartition("/")[2], {})
    fields = [field for field in _FILLED_BY_HOST if field in processor.payload.model_fields]
    filled = {wire_name(processor.payload, field) for field in fields}
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name not in filled]
