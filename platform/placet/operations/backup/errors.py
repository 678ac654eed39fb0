"""What a backup or a restore refuses, before anything is touched."""

from placet.kernel.refusal import Refusal


class FolderNotEmpty(Refusal):
    code = "folder_not_empty"
    hint = "Name a folder that is not there yet: a backup is never written over another."
    status = 409


class NothingToBackUp(Refusal):
    code = "nothing_to_back_up"
    hint = "Start the install once: `placet up` makes its tables."
    status = 409


class BackupInvalid(Refusal):
    code = "backup_invalid"
    hint = "Take another backup: this one is incomplete, damaged, or of another release."


class DatabaseNotEmpty(Refusal):
    code = "database_not_empty"
    hint = "Add --replace to lose what is there now, or restore into a fresh PLACET_DATA_DIR."
    status = 409


class InstallRunning(Refusal):
    code = "install_running"
    hint = "Stop every process of this install first; a backup needs no stop, a restore does."
    status = 409
