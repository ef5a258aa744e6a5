"""The document below ``/schema``."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import Field
from workhall.sdk import Endpoint, Processor, WireModel

from .conftest import Host, serving
from .processors import make_registry, processors


@pytest.fixture
async def document(sqlite_host: Host) -> dict[str, Any]:
    answer = await sqlite_host.http.get("/schema/openapi.json")
    assert answer.status_code == 200, answer.text
    assert (await sqlite_host.http.get("/schema/openapi.json")).content == answer.content
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


async def test_every_queue_has_a_path_of_its_own(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert {path for path in paths if path.startswith("/api/v1/jobs/") and "{" not in path} == {
        f"/api/v1/jobs/{processor.queue}" for processor in processors()
    }
    assert "post" not in paths.get("/api/v1/jobs/{queue}", {})
    assert paths["/api/v1/jobs/echo-chamber"]["post"]["operationId"] == "submitEchoChamber"
    assert paths["/api/v1/generation/echoes"]["post"]["operationId"] == "postGenerationEchoes"
    assert paths["/api/v1/webhooks/signed"]["post"]["operationId"] == "postWebhooksSigned"
    assert set(paths["/api/v1/brands"]) == {"get", "post"}


async def test_bodies_and_results_are_described_by_their_models(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    submit = document["paths"]["/api/v1/jobs/echo-chamber"]["post"]
    body = submit["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/EchoPayload"}
    payload = schemas["EchoPayload"]
    assert payload["additionalProperties"] is False
    assert payload["properties"]["count"]["maximum"] == 8
    assert sorted(payload["required"]) == ["brandId", "text"]  # userId is filled in by the host
    assert submit["x-result-schema"] == {"$ref": "#/components/schemas/EchoResult"}
    assert {"$ref": "#/components/schemas/EchoResult"} in schemas["JobRecord"]["properties"]["result"]["anyOf"]
    batches = document["paths"]["/api/v1/generation/batches"]["post"]["requestBody"]
    assert batches["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/BatchRequest"}
    assert "Product" in schemas
    for path, model in (("/api/v1/brands", "NewBrand"), ("/api/v1/admin/credits", "CreditGrant")):
        described = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert described == {"$ref": f"#/components/schemas/{model}"}


async def test_ids_are_unique_and_nothing_points_nowhere(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]+", one) for one in ids)
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(document)))
    assert references <= set(document["components"]["schemas"])


async def test_every_api_operation_says_how_to_authenticate_and_how_it_fails(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path.startswith("/api/"):
                proven = path == "/api/v1/webhooks/signed"
                assert operation["security"] == ([] if proven else [{"bearer": []}]), path
            for code, response in operation["responses"].items():
                if code.startswith("4"):
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Failure"}, (path, code)
    submit = document["paths"]["/api/v1/jobs/echo-chamber"]["post"]
    assert {"202", "400", "401", "402", "403", "404", "409", "413", "503"} <= set(submit["responses"])
    assert {one["name"] for one in submit["parameters"]} == {"delay", "priority", "Idempotency-Key"}


async def test_the_page_for_people_loads(sqlite_host: Host) -> None:
    answer = await sqlite_host.http.get("/schema")
    assert (answer.status_code, "openapi.json" in answer.text) == (200, True)


class Same(WireModel):
    """The same name as another plugin's model."""

    n: int = Field(ge=0)


async def test_names_that_collide_are_told_apart(sqlite_host: Host) -> None:
    other = type("Same", (WireModel,), {"__annotations__": {"m": str}, "__module__": "elsewhere"})
    made = [
        Processor(queue="a-b", payload=Same, handler="x:y", endpoint=Endpoint(path="/v1/do/it")),
        Processor(queue="a--b", payload=other, handler="x:y", endpoint=Endpoint(path="/v1/do/it/")),
        Processor(queue="ab", payload=Same, result=other, handler="x:y", endpoint=Endpoint(path="/v2/do-it")),
    ]
    api = sqlite_host.api
    async with serving(api.settings, api.store, "redis://127.0.0.1:1", make_registry(made)) as host:
        document = (await host.http.get("/schema/openapi.json")).json()
    bodies = {
        path: item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for path, item in document["paths"].items()
        if path.startswith("/api/v1/jobs/") and "{" not in path
    }
    assert bodies["/api/v1/jobs/a-b"] == bodies["/api/v1/jobs/ab"] != bodies["/api/v1/jobs/a--b"]
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert {"/api/v1/do/it", "/api/v2/do-it"} <= set(document["paths"])


class JobRecord(WireModel):
    """The name of one of the host's own."""

    mine: str


async def test_a_plugin_cannot_replace_a_schema_of_the_host(sqlite_host: Host) -> None:
    made = [Processor(queue="one", payload=JobRecord, handler="x:y")]
    api = sqlite_host.api
    async with serving(api.settings, api.store, "redis://127.0.0.1:1", make_registry(made)) as host:
        document = (await host.http.get("/schema/openapi.json")).json()
    schemas = document["components"]["schemas"]
    assert "mine" not in schemas["JobRecord"]["properties"]
    body = document["paths"]["/api/v1/jobs/one"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert list(schemas[body["$ref"].rpartition("/")[2]]["properties"]) == ["mine"]
