"""Refusals of a backup or a restore, raised before anything is changed."""

from placet.kernel.refusal import Refusal


class FolderNotEmpty(Refusal):
    code = "folder_not_empty"
    hint = "Name a new folder: a backup never overwrites another."
    status = 409


class NothingToBackUp(Refusal):
    code = "nothing_to_back_up"
    hint = "Start the install once: `placet up` creates its tables."
    status = 409


class BackupInvalid(Refusal):
    code = "backup_invalid"
    hint = "Use another backup: this one is incomplete, damaged, or of another release."


class DatabaseNotEmpty(Refusal):
    code = "database_not_empty"
    hint = "Add --replace to discard the existing log, or restore into a new PLACET_DATA_DIR."
    status = 409


class InstallRunning(Refusal):
    code = "install_running"
    hint = "Stop every process of this install first. A restore needs that; a backup does not."
    status = 409
