"""The storage, on a real folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from workhall.settings import Settings, SettingsError
from workhall.storage import ObjectStorage, StorageAway, open_storage


@pytest.fixture
def storage(settings: Settings) -> ObjectStorage:
    return open_storage(settings)


async def test_what_is_put_can_be_had_again(storage: ObjectStorage, settings: Settings) -> None:
    assert (
        await storage.put("brands/ä b/one.png", b"0123456789", content_type="image/png") == "storage:brands/ä b/one.png"
    )
    assert await storage.get("brands/ä b/one.png") == b"0123456789"
    assert (settings.data_dir / "files/brands/ä b/one.png").read_bytes() == b"0123456789"
    found = await storage.head("brands/ä b/one.png")
    assert (found.size, found.content_type) == (10, "image/png")
    assert [piece async for piece in storage.stream("brands/ä b/one.png", 2, 5)] == [b"234"]
    await storage.put("brands/ä b/one.png", b"again", content_type="image/png")
    assert await storage.get("brands/ä b/one.png") == b"again"


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(storage: ObjectStorage) -> None:
    await storage.put("x.bin", b"1", content_type="application/octet-stream")
    assert await storage.exists("x.bin")
    for _ in range(2):
        await storage.delete("x.bin")
        assert not await storage.exists("x.bin")
    for read in (storage.get("x.bin"), storage.head("x.bin")):
        with pytest.raises(FileNotFoundError):
            await read
    with pytest.raises(FileNotFoundError):
        [piece async for piece in storage.stream("x.bin", 0, 1)]


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a//b", "a\x00b"])
async def test_a_key_cannot_leave_the_folder(storage: ObjectStorage, tmp_path: Path, key: str) -> None:
    (tmp_path / "x").write_bytes(b"secret")
    for attempt in (storage.get(key), storage.put(key, b"1", content_type="x/y"), storage.exists(key)):
        with pytest.raises(ValueError, match="path"):
            await attempt
    assert (tmp_path / "x").read_bytes() == b"secret"


async def test_an_absolute_key_stays_below_the_folder(storage: ObjectStorage, settings: Settings) -> None:
    await storage.put("/etc/passwd", b"1", content_type="text/plain")
    assert (settings.data_dir / "files/etc/passwd").read_bytes() == b"1"


async def test_types_follow_the_extension(storage: ObjectStorage) -> None:
    expected = {
        "a.PNG": "image/png",
        "a.jpg": "image/jpeg",
        "a.webp": "image/webp",
        "a.svg": "image/svg+xml",
        "a.mp4": "video/mp4",
        "a.json": "application/json",
        "a": "application/octet-stream",
    }
    for key in expected:
        await storage.put(key, b"1", content_type="ignored/here")
    assert {key: (await storage.head(key)).content_type for key in expected} == expected


async def test_a_storage_that_fails_says_so_in_one_sentence(storage: ObjectStorage) -> None:
    await storage.put("folder/x", b"1", content_type="x/y")
    with pytest.raises(StorageAway) as failed:
        await storage.put("folder", b"1", content_type="x/y")
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "file://host/path", "nonsense"])
def test_an_address_that_is_none_is_refused_by_name(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="STORAGE_URL must be"):
        open_storage(settings.model_copy(update={"storage_url": url}))


def test_a_folder_that_cannot_be_made_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="cannot be used"):
        open_storage(settings.model_copy(update={"storage_url": f"file://{tmp_path}/file/below"}))


async def test_a_bucket_that_nobody_serves_is_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_REGION", "auto")
    values = {"storage_url": "s3://bucket/prefix", "aws_endpoint_url": "http://127.0.0.1:1"}
    bucket = open_storage(settings.model_copy(update=values))
    with pytest.raises(StorageAway, match="The storage cannot be used"):
        await bucket.get("x")
