"""Two branches of tables that know nothing of each other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("eventlog", "0003_proofs"), ("eventlog", "0006_kafka")]
    operations = []
