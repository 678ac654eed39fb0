"""The product's settings in a home of this run's own: made before anything reads them, removed at the end."""

import os
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix=f"placet-tests-{os.getpid()}-"))
os.environ["PLACET_DATA_DIR"] = str(HOME)
for name in ("PLACET_DATABASE_URL", "PLACET_MIGRATION_DATABASE_URL", "PLACET_DATABASE_ROLE", "PLACET_TRANSPORT"):
    os.environ.pop(name, None)

os.environ.setdefault("PLACET_DEFAULT_ENGINE", "scene")  # clips in a fraction of a second; who wants the model names it

# A process that is killed leaves its port free for a moment: that of another process of tests may not take it.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["PLACET_PORT"] = str(8000 + 200 * WORKER)

from placet.runtime.install.provision import make_folders, make_keys  # noqa: E402 - the home is named first

make_folders(HOME)
make_keys(HOME)

from placet.config.settings import *  # noqa: E402, F403 - the keys are read while this is imported

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Processes that a test starts read the product's own settings, with the home named above.
os.environ["DJANGO_SETTINGS_MODULE"] = "placet.config.settings"
