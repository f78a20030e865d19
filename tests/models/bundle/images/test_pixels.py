"""Pictures become the pixels that the vision graph takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from models.bundle.images import ImagePreprocessing, decode_image
from tests.models.pictures import difference, photograph, same, saved, turned

SQUARE = ImagePreprocessing(height=224, width=224)
SHOP = ImagePreprocessing(height=80, width=64, pad_ratio=1.0, fill=255)
WHITE, RED = (255, 255, 255), (220, 30, 40)


@pytest.mark.parametrize(
    ("width", "height"), [(64, 80), (8, 8), (8, 20_000), (20_000, 8), (2500, 20_000), (1, 1), (333, 77), (79, 81)]
)
@pytest.mark.parametrize("pad_ratio", [1.0, 1.25, 10.0])
def test_pixels_have_their_shape_whatever_the_proportions(width: int, height: int, pad_ratio: float) -> None:
    images = ImagePreprocessing(height=80, width=64, pad_ratio=pad_ratio)
    pixels = images.pixels(Image.new("RGB", (width, height), RED))
    assert pixels.shape == (80, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert pixels.flags.c_contiguous


def test_a_very_thin_picture_is_padded_on_both_sides() -> None:
    pixels = ImagePreprocessing(height=2048, width=1024, pad_ratio=1.0).pixels(Image.new("RGB", (8, 20_000), WHITE))
    assert pixels[:, 512].min() > 100
    assert not pixels[:, :500].any()


def target_pad(picture: Image.Image, size: int, ratio: float) -> Image.Image:
    """CLIP4Cir's preprocessing as its paper and research notes have it, step by step: pad, resize, crop."""
    width, height = picture.size
    if max(width, height) / min(width, height) >= ratio:
        target = max(width, height) / ratio
        sides = [max(int((target - side) / 2), 0) for side in (width, height)]
        padded = np.zeros((height + 2 * sides[1], width + 2 * sides[0], 3), dtype=np.uint8)
        padded[sides[1] : sides[1] + height, sides[0] : sides[0] + width] = np.asarray(picture)
        picture = Image.fromarray(padded)
        width, height = picture.size
    short = min(width, height)
    larger = picture.resize((int(size * width / short), int(size * height / short)), Image.Resampling.BICUBIC)
    left, top = (round((side - size) / 2) for side in larger.size)
    return larger.crop((left, top, left + size, top + size))


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (224, 224),
        (300, 250),
        (250, 300),
        (500, 400),
        (400, 501),
        (333, 777),
        (777, 333),
        (97, 401),
        (1201, 350),
        (60, 80),
    ],
)
def test_a_ratio_of_one_and_a_quarter_in_a_square_is_target_pad(width: int, height: int) -> None:
    picture = photograph(width, height)
    expected = np.asarray(target_pad(picture, 224, 1.25), dtype=np.int16)
    apart = np.abs(SQUARE.pixels(picture).astype(np.int16) - expected)
    # The same geometry to the pixel; shrinking in two steps, which is faster, is what remains.
    assert apart.mean() < 0.5
    assert np.percentile(apart, 99.9) <= 8


@pytest.mark.parametrize("side", [250, 251, 399, 1000])
def test_a_picture_that_is_not_shrunk_by_much_is_target_pad_to_the_bit(side: int) -> None:
    picture = photograph(side, 260)
    assert same(SQUARE.pixels(picture), target_pad(picture, 224, 1.25))


@pytest.mark.parametrize(("width", "height"), [(8, 9), (60, 80), (301, 100), (100, 303), (64, 80), (799, 1001)])
def test_a_ratio_of_one_keeps_the_whole_picture(width: int, height: int) -> None:
    framed = Image.new("RGB", (width, height), (0, 0, 0))
    thickness = max(1, min(width, height) // 8)
    ImageDraw.Draw(framed).rectangle((0, 0, width - 1, height - 1), outline=RED, width=thickness)
    red = SHOP.pixels(framed)[..., 0].astype(np.int16) - SHOP.pixels(framed)[..., 1] > 100
    down, across = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    seen_width, seen_height = across[-1] - across[0] + 1, down[-1] - down[0] + 1
    scale = min(64 / width, 80 / height)
    assert (seen_width, seen_height) == (
        pytest.approx(width * scale, abs=0.1 * 64),
        pytest.approx(height * scale, abs=0.1 * 80),
    )
    middle_row, middle_column = red[(down[0] + down[-1]) // 2], red[:, (across[0] + across[-1]) // 2]
    for line in (middle_row, middle_column):
        ends = np.flatnonzero(line)
        assert not line[(ends[0] + ends[-1]) // 2], "the frame is seen on both sides, with the inside between"


def test_padding_has_the_grey_that_the_bundle_says() -> None:
    picture = Image.new("RGB", (100, 400), RED)
    for fill in (0, 255):
        pixels = ImagePreprocessing(height=64, width=64, pad_ratio=1.0, fill=fill).pixels(picture)
        assert same(pixels[:, [0, -1]], np.full((64, 2, 3), fill))
        assert pixels[32, 32].tolist() == list(RED)


# Decoding at a smaller scale


@pytest.mark.parametrize("images", [SQUARE, SHOP], ids=["square", "shop"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize(
    ("width", "height"),
    [(2000, 1500), (1201, 1803), (500, 1999), (450, 450), (600, 800), (1024, 1280), (1023, 1279), (2016, 1512)],
)
def test_drafting_stays_within_two_grey_levels_of_full_decoding(
    images: ImagePreprocessing, orientation: int, width: int, height: int
) -> None:
    file = turned(photograph(width, height), orientation, quality=90)
    full = images.pixels(decode_image(file))
    draft = images.pixels(decode_image(file, about=(images.width, images.height)))
    assert difference(full, draft) < 2


def test_drafting_is_as_close_in_nearly_every_pixel() -> None:
    file = turned(photograph(1512, 2016), 6, quality=90)
    full = SHOP.pixels(decode_image(file)).astype(np.int16)
    draft = SHOP.pixels(decode_image(file, about=(SHOP.width, SHOP.height))).astype(np.int16)
    assert np.quantile(np.abs(full - draft), 0.99) <= 6


def test_draft_mode_respects_the_orientation_of_a_picture() -> None:
    upright, lying = saved(photograph(600, 800), "JPEG"), turned(photograph(800, 600), 6)
    for file in (upright, lying):
        assert decode_image(file, about=(64, 80)).size == (150, 200)


def test_drafting_decodes_fewer_pixels_but_twice_the_target_either_way_up() -> None:
    wide, tall = photograph(2000, 1000), photograph(1000, 2000)
    for file in (saved(tall, "JPEG"), turned(wide, 6)):
        drafted = decode_image(file, about=(64, 120))
        assert drafted.size == (250, 500)


def test_a_small_picture_is_not_drafted() -> None:
    assert decode_image(saved(photograph(100, 90), "JPEG"), about=(64, 80)).size == (100, 90)


# Among threads


def test_several_threads_decode_the_same_pixels_as_one() -> None:
    files = [
        saved(photograph(300 + seed, 400, seed), format) for seed in range(6) for format in ("JPEG", "PNG", "WEBP")
    ]
    alone = [SHOP.pixels(decode_image(file, about=(64, 80))) for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda file: SHOP.pixels(decode_image(file, about=(64, 80))), files * 4))
    for at, pixels in enumerate(together):
        assert same(pixels, alone[at % len(files)])
