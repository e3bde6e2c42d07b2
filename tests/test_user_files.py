"""The user's own folders and settings: one file, kept as written, and nothing of 0.2.0 lost."""

import json
from pathlib import Path

import platformdirs
import pytest

from kitloan.errors import BadInput
from kitloan.storage import user_files
from kitloan_labels.adjust import (
    Adjustment,
    LabelSettings,
    load_label_settings,
    save_label_settings,
)
from kitloan_tui import settings
from kitloan_tui.settings import DeskSettings

AS_WRITTEN = """# the counter by the window
theme = "light"   # in the mornings

[keys]
undo = "f5"
borrowers = "ctrl+z"
"""


def test_desk_and_labels_share_one_file(tmp_path: Path) -> None:
    """Else saving the one would lose the other, or what the user noted beside it."""
    file = tmp_path / "settings.toml"
    file.write_text(AS_WRITTEN)
    labels = LabelSettings({}, "Glenrothes", {"RAF": "Given by the RAF"})
    save_label_settings(file, labels.with_printer("Office", "l7160", Adjustment(0.5)))
    settings.save(file, DeskSettings(theme="contrast", next_label=4), ["theme", "next_label"])
    found = file.read_text()
    assert '# the counter by the window\ntheme = "contrast"   # in the mornings\n' in found
    assert settings.read(file).keys["undo"] == "f5"
    assert settings.read(file).next_label == 4
    assert load_label_settings(file).adjustment("Office", "l7160") == Adjustment(0.5)
    assert load_label_settings(file).acknowledge == {"RAF": "Given by the RAF"}


def test_the_two_files_of_0_2_0_are_read_and_move_over(tmp_path: Path) -> None:
    """Else an update would lose the keys, the printer and the words on the labels."""
    file = tmp_path / "settings.toml"
    (tmp_path / "desk.toml").write_text(AS_WRITTEN)
    (tmp_path / "labels.json").write_text(json.dumps({"return_to": "Glenrothes"}))
    assert settings.read(file).theme == "light"
    assert load_label_settings(file).return_to == "Glenrothes"
    settings.save(file, DeskSettings(theme="dark"), ["theme"])
    assert file.read_text() == AS_WRITTEN.replace('"light"', '"dark"')
    assert load_label_settings(file).return_to == "Glenrothes"
    save_label_settings(file, LabelSettings({}, "Kirkcaldy"))
    assert load_label_settings(file).return_to == "Kirkcaldy"
    assert settings.read(file).keys["undo"] == "f5"
    assert (tmp_path / "desk.toml").read_text() == AS_WRITTEN


def test_a_slip_names_the_file_that_it_is_in(tmp_path: Path) -> None:
    """Else the user of 0.2.0 would look for it in a file that is not there."""
    (tmp_path / "desk.toml").write_text("colour = 1\n")
    with pytest.raises(BadInput, match=r"desk\.toml: 'colour' is not a setting"):
        settings.read(tmp_path / "settings.toml")


def test_what_0_2_0_saved_elsewhere_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a Mac's store and labels, which had folders of their own, would seem to be gone."""
    old, new = tmp_path / "old", tmp_path / "Application Support" / "kitloan"
    for name in ("user_data_path", "user_config_path"):
        monkeypatch.setattr(platformdirs, name, lambda *_, **__: new)
    for kind in ("DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(old))
    assert user_files.store_file() == new / "kitloan.sqlite"
    (old / "kitloan").mkdir(parents=True)
    (old / "kitloan" / "kitloan.sqlite").touch()
    (old / "kitloan" / "labels.json").write_text(json.dumps({"return_to": "Ayr"}))
    assert user_files.store_file() == old / "kitloan" / "kitloan.sqlite"
    assert load_label_settings(user_files.settings_file()).return_to == "Ayr"
    new.mkdir(parents=True)
    (new / "kitloan.sqlite").touch()
    assert user_files.store_file() == new / "kitloan.sqlite"
