"""Django system checks of the settings."""

from typing import Any

from django.core import checks

from placet.runtime.install.renamed_settings import renamed_settings


def no_renamed_setting_is_set(**_context: Any) -> list[checks.CheckMessage]:
    """An environment variable with an old name is not ignored in silence."""
    return [checks.Warning(sentence, id="placet.W001") for sentence in renamed_settings()]
