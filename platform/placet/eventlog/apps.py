from django.apps import AppConfig


class EventLogConfig(AppConfig):
    name = "placet.eventlog"
    label = "eventlog"
