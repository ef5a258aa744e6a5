"""Storage keys follow from content, and nothing in them leads out of the brand's folder."""

from __future__ import annotations

from uuid import UUID

import pytest
from workhall_image_upload.keys import asset_key, thumbnail_key

BRAND = "0190d9a2-6c1b-7cc3-9a59-0c8e1c9c0f11"
SHA = "ab" * 32


def test_the_forms_of_the_keys() -> None:
    assert asset_key(BRAND, "social_asset", SHA, "png") == f"brands/{BRAND}/social_asset/{SHA}.png"
    assert thumbnail_key(BRAND, "logo", SHA) == f"brands/{BRAND}/logo/{SHA}.thumb.webp"


def test_a_brand_has_one_folder_however_its_id_is_written() -> None:
    plain = asset_key(BRAND, "logo", SHA, "png")
    for written in (UUID(BRAND), BRAND.upper(), BRAND.replace("-", ""), "{" + BRAND + "}"):
        assert asset_key(written, "logo", SHA, "png") == plain


@pytest.mark.parametrize("bad", ["", "..", "../x", "a/b", "x" * 36, f"{BRAND}/..", f"{BRAND}\n"])
def test_a_brand_id_must_be_a_uuid(bad: str) -> None:
    for make in (lambda: asset_key(bad, "logo", SHA, "png"), lambda: thumbnail_key(bad, "logo", SHA)):
        with pytest.raises(ValueError, match="brandId must be a UUID"):
            make()


@pytest.mark.parametrize("bad", ["", "..", "logo/..", "Logo", "logo ", "logo\n", "_logo", "1", "a" * 65, "lögo"])
def test_an_asset_type_is_a_plain_word(bad: str) -> None:
    for make in (lambda: asset_key(BRAND, bad, SHA, "png"), lambda: thumbnail_key(BRAND, bad, SHA)):
        with pytest.raises(ValueError, match="assetType"):
            make()


@pytest.mark.parametrize("bad", ["", SHA[:-1], SHA + "0", SHA.upper(), SHA[:-1] + "\n", "../" + SHA[3:]])
def test_a_hash_is_64_hex_digits(bad: str) -> None:
    for make in (lambda: asset_key(BRAND, "logo", bad, "png"), lambda: thumbnail_key(BRAND, "logo", bad)):
        with pytest.raises(ValueError, match="sha256"):
            make()


@pytest.mark.parametrize("bad", ["", ".png", "PNG", "p", "png/x", "pn g", "toolong", "png\n"])
def test_an_extension_is_a_short_word(bad: str) -> None:
    with pytest.raises(ValueError, match="extension"):
        asset_key(BRAND, "logo", SHA, bad)
