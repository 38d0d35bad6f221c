"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from opt_twin.files import write_text


def test_a_file_is_written_with_the_folders_above_it(tmp_path):
    path = write_text(str(tmp_path / "a" / "b.txt"), "µ\n")
    assert path == tmp_path / "a" / "b.txt"
    assert path.read_bytes() == b"\xc2\xb5\n"
    assert list(path.parent.iterdir()) == [path]


def test_what_stood_there_is_kept_when_writing_fails(tmp_path, monkeypatch):
    path = write_text(tmp_path / "x.txt", "old")

    def half(self, *_, **__):
        self.write_bytes(b"half of")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_text_that_utf_8_cannot_hold_leaves_no_file(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "x.txt", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_device_takes_the_text_and_stays_a_device():
    before = Path(os.devnull).stat().st_mode
    write_text(os.devnull, "gone")
    assert Path(os.devnull).stat().st_mode == before
    assert Path(os.devnull).read_text() == ""


def test_a_folder_in_the_way_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match=r".+"):
        write_text(tmp_path, "text")
