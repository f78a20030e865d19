"""Checks for optional dependencies, before modules that import them."""

from catalog.errors import MissingExtra


def require_torch(purpose: str) -> None:
    """Check that torch and open_clip, the extra ``train``, are installed.

    Args:
        purpose: What needs them, as the start of a sentence: "Training".

    Raises:
        MissingExtra: One of them is not installed.
    """
    try:
        import open_clip  # noqa: F401
    except ImportError as error:
        raise MissingExtra("torch with open_clip", "train", purpose) from error
