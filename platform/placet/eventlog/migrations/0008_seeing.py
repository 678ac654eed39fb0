"""Versions of projections, events that were given up, and what is done now and then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("eventlog", "0007_proofs_and_kafka")]

    operations = [
        migrations.AddField("checkpoint", "version", models.IntegerField(db_default=1, default=1)),
        migrations.CreateModel(
            name="Chore",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("outcome", models.JSONField(default=dict)),
            ],
            options={"db_table": "chore"},
        ),
        migrations.CreateModel(
            name="Dropped",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consumer", models.TextField()),
                ("position", models.BigIntegerField()),
                ("stream", models.TextField()),
                ("error", models.TextField()),
                ("dropped_by", models.UUIDField()),
                ("why", models.TextField()),
                ("dropped_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "dropped",
                "constraints": [models.UniqueConstraint(fields=("consumer", "position"), name="dropped_once")],
            },
        ),
    ]
