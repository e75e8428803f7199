"""What a program points at is read relative to its folder, and packed to the same bytes each time."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from local.clouds.provider.assets import Archive, Asset, AssetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    (code / "inner").mkdir(parents=True)
    (code / "main.py").write_text("print('main')")
    (code / "inner" / "part.py").write_text("print('part')")
    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "main.pyc").write_bytes(b"compiled")
    return tmp_path


def test_an_asset_is_its_text_or_the_file_at_its_path(folder: Path) -> None:
    assert Asset("h", text="grüezi").read(folder) == "grüezi".encode()
    assert Asset("h", path="code/main.py").read(folder) == b"print('main')"


def test_a_folder_is_read_whole_without_what_python_compiled(folder: Path) -> None:
    assert Archive("h", path="code").files(folder) == {"main.py": b"print('main')", "inner/part.py": b"print('part')"}


def test_archives_nest(folder: Path) -> None:
    archive = Archive("h", assets={"lib": Archive("i", path="code/inner"), "contract.json": Asset("j", text="{}")})

    assert archive.files(folder) == {"contract.json": b"{}", "lib/part.py": b"print('part')"}


def test_zip_and_tar_files_are_read_like_folders(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as packed:
        packed.writestr("x/y.txt", "zipped")
    with tarfile.open(folder / "a.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("x/y.txt")
        info.size = 5
        tar.addfile(info, io.BytesIO(b"tarry"))

    assert Archive("h", path="a.zip").files(folder) == {"x/y.txt": b"zipped"}
    assert Archive("h", path="a.tar.gz").files(folder) == {"x/y.txt": b"tarry"}


def test_the_same_content_gives_the_same_zip_whenever_it_was_written(folder: Path) -> None:
    archive = Archive("h", path="code")
    first = archive.zip(folder)
    os.utime(folder / "code" / "main.py", (1, 1))

    assert archive.zip(folder) == first
    packed = zipfile.ZipFile(io.BytesIO(first))
    assert packed.namelist() == ["inner/part.py", "main.py"]
    assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (Asset("h", path="nowhere.py"), "nowhere.py does not exist"),
        (Archive("h", path="nowhere"), "nowhere does not exist"),
        (Archive("h", path="code/main.py"), "neither a folder nor a zip nor a tar file"),
        (Asset("h", uri="https://example.com/a"), "https://example.com/a would have to be downloaded"),
    ],
)
def test_what_cannot_be_read_says_which_and_why(folder: Path, reference: Asset | Archive, message: str) -> None:
    with pytest.raises(AssetError, match=message):
        reference.zip(folder) if isinstance(reference, Archive) else reference.read(folder)
