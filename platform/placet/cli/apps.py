from django.apps import AppConfig
from django.core import checks

from placet.config.checks import no_renamed_setting_is_set


class CliConfig(AppConfig):
    name = "placet.cli"
    label = "cli"

    def ready(self) -> None:
        """Register the system checks."""
        checks.register(no_renamed_setting_is_set)
