"""Assets and archives: what a program points at, as bytes or as a folder.

The engine hands a provider references (a path, a text, a map of further assets) with a hash over the
content; paths are relative to the program's folder. Archives are packed deterministically, so that the
same content gives the same bytes, and with them the same hashes of functions and layers.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

STORED = frozenset({".jar", ".zip", ".whl", ".gz", ".parquet"})
"""Packed already: deflating them again costs seconds and saves nothing."""
EPOCH = (1980, 1, 1, 0, 0, 0)

Opener = Callable[[], IO[bytes]]


class AssetError(ValueError):
    """An asset or archive that cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Asset:
    """One file: its text, or its path."""

    hash: str
    text: str | None = None
    path: str | None = None
    uri: str | None = None

    def parts(self) -> dict[str, Any]:
        return _given(hash=self.hash, text=self.text, path=self.path, uri=self.uri)

    def open(self, root: Path) -> IO[bytes]:
        """The content as a stream.

        Raises: AssetError if the file is not there, or the asset is one to fetch from elsewhere.
        """
        if self.text is not None:
            return BytesIO(self.text.encode())
        return _open(_existing(self, root))

    def read(self, root: Path) -> bytes:
        with self.open(root) as stream:
            return stream.read()


@dataclass(frozen=True)
class Archive:
    """Many files: a folder, a zip or tar file, or a map of name to asset or archive."""

    hash: str
    assets: Mapping[str, Any] | None = None
    path: str | None = None
    uri: str | None = None

    def parts(self) -> dict[str, Any]:
        return _given(hash=self.hash, assets=self.assets, path=self.path, uri=self.uri)

    def files(self, root: Path) -> dict[str, bytes]:
        """File name within the archive -> content, sorted by name; for archives that fit into memory."""
        return {name: _content(opener) for name, opener in sorted(self.entries(root))}

    def entries(self, root: Path) -> Iterator[tuple[str, Opener]]:
        """(file name within the archive, a function that opens it), in no particular order.

        Raises: AssetError if the path is not there or is no archive.
        """
        if self.assets is not None:
            for name, asset in self.assets.items():
                if isinstance(asset, Archive):
                    for inner, opener in asset.entries(root):
                        yield f"{name}/{inner}", opener
                else:
                    yield name, partial(asset.open, root)
            return
        path = _existing(self, root)
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield file.relative_to(path).as_posix(), partial(_open, file)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                for info in packed.infolist():
                    if not info.is_dir():
                        yield info.filename, partial(BytesIO, packed.read(info))
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                for member in tar:
                    if member.isfile() and (stream := tar.extractfile(member)):
                        yield member.name, partial(BytesIO, stream.read())
        else:
            raise AssetError(f"{self.path} is neither a folder nor a zip nor a tar file")

    def write_zip(self, root: Path, into: IO[bytes]) -> None:
        """Pack into a zip file; equal content gives equal bytes."""
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
            for name, opener in sorted(self.entries(root), key=lambda entry: entry[0]):
                info = zipfile.ZipInfo(name, EPOCH)
                info.external_attr = 0o644 << 16
                packing = zipfile.ZIP_STORED if PurePosixPath(name).suffix in STORED else zipfile.ZIP_DEFLATED
                packed.writestr(info, _content(opener), packing)

    def zip(self, root: Path) -> bytes:
        packed = BytesIO()
        self.write_zip(root, packed)
        return packed.getvalue()


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _content(opener: Opener) -> bytes:
    with opener() as stream:
        return stream.read()


def _existing(reference: Asset | Archive, root: Path) -> Path:
    if reference.path is None:
        raise AssetError(f"the content at {reference.uri} would have to be downloaded; use a path or a text instead")
    path = root / reference.path
    if not path.exists():
        raise AssetError(f"{reference.path} does not exist (relative to the program's folder)")
    return path


def _given(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part is not None}
