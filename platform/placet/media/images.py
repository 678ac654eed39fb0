"""Reader of untrusted pictures, in the sandbox only. Imports all of Pillow first: later no file can be opened."""

import importlib
import io
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from placet.media.errors import UnreadableMedia

MAX_PIXELS: Final = 40_000_000
_STARTS: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"RIFF": "WEBP"}

Image.preinit()  # loads the readers of PNG and JPEG
for _late in (
    "WebPImagePlugin",
    "TiffImagePlugin",
    "MpoImagePlugin",
):  # a JPEG's EXIF is TIFF, and two JPEGs in one file are MPO
    importlib.import_module(f"PIL.{_late}")


def normalise_image(data: bytes, max_side: int) -> tuple[dict[str, Any], bytes]:
    """An upright RGB PNG of at most `max_side` pixels a side; pixels only, so no metadata survives.

    Raises `UnreadableMedia`; the declared size is checked before anything is decoded.
    """
    formats = [name for start, name in _STARTS.items() if data.startswith(start)]
    if not formats:
        raise UnreadableMedia("media_not_an_image")
    Image.MAX_IMAGE_PIXELS = None  # checked below, against our own limit
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            return _as_png(image, max_side)
    except UnidentifiedImageError as error:
        raise UnreadableMedia("media_not_an_image") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnreadableMedia("media_broken", f"{error}.") from error


def _as_png(image: Image.Image, max_side: int) -> tuple[dict[str, Any], bytes]:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableMedia("media_too_large", f"{width} x {height} pixels.")
    small = _with_plain_levels(image)
    small.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    rgb = _on_white(ImageOps.exif_transpose(small))
    kept = io.BytesIO()
    Image.frombytes("RGB", rgb.size, rgb.tobytes()).save(kept, "PNG")
    return {"width": rgb.width, "height": rgb.height}, kept.getvalue()


def _with_plain_levels(image: Image.Image) -> Image.Image:
    """Palettes cannot be scaled, and Pillow clips 16-bit greys at 255 instead of scaling them."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda level: level * (1 / 257) + 0.0).convert("L")
    return image.convert("RGBA") if image.mode == "P" else image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
