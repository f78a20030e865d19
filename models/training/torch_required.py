"""The extra ``train``: torch and open_clip, without which a command cannot train, export or open a run."""

from models.errors import MissingExtra


def needs_torch(purpose: str) -> None:
    """See that torch and open_clip are there, before the first import that would fail without.

    Args:
        purpose: What needs them, as a sentence begins: "Training".

    Raises:
        MissingExtra: They are not installed.
    """
    try:
        import open_clip  # noqa: F401
    except ImportError as error:
        raise MissingExtra("torch with open_clip", "train", purpose) from error
