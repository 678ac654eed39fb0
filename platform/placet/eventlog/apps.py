from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventLogConfig(AppConfig):
    name = "placet.eventlog"
    label = "eventlog"

    def ready(self) -> None:
        """Import every room's consumers and projections, so that they are registered. Imports no model."""
        autodiscover_modules("consumers", "projections")
