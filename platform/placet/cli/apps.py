from typing import Any

from django.apps import AppConfig
from django.core import checks

from placet.runtime.install.renamed_settings import renamed_settings


class CliConfig(AppConfig):
    name = "placet.cli"
    label = "cli"

    def ready(self) -> None:
        """Register the system checks."""
        checks.register(no_renamed_setting_is_set)


def no_renamed_setting_is_set(**_context: Any) -> list[checks.CheckMessage]:
    """Warns about environment variables with an old name, which would otherwise be ignored in silence."""
    return [checks.Warning(sentence, id="placet.W001") for sentence in renamed_settings()]
