"""What was said is stored encrypted, under ids that stay; what earlier sessions said is taken along."""

import uuid

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import base.encryption


def seal_what_is_there(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    utterances = apps.get_model("inference", "LiveUtterance").objects
    for row in utterances.select_related("session").iterator(chunk_size=500):
        row.uuid = uuid.uuid5(row.session.uuid, str(row.index))
        row.text, row.words = row.open_text, row.open_words
        row.heard_at = row.session.ended_at or row.session.updated_at
        row.save(update_fields=["uuid", "text", "words", "heard_at"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_live_consent"),
        ("annotation", "0004_growing_recordings"),
        ("inference", "0001_initial"),
    ]

    operations = [
        migrations.RenameField("liveutterance", "text", "open_text"),
        migrations.RenameField("liveutterance", "words", "open_words"),
        migrations.AddField("liveutterance", "uuid", models.UUIDField(editable=False, null=True)),
        migrations.AddField(
            "liveutterance",
            "text",
            base.encryption.EncryptedField(blank=True, default=str, help_text="as it was shown"),
        ),
        migrations.AddField(
            "liveutterance",
            "words",
            base.encryption.EncryptedField(
                default=list, help_text="[{text, start_ms, end_ms, probability, …}]"
            ),
        ),
        migrations.AddField(
            "liveutterance",
            "heard_at",
            models.DateTimeField(help_text="none: there is no text yet", null=True),
        ),
        migrations.RunPython(seal_what_is_there, migrations.RunPython.noop),
        migrations.RemoveField("liveutterance", "open_text"),
        migrations.RemoveField("liveutterance", "open_words"),
        migrations.AlterField("liveutterance", "uuid", models.UUIDField(editable=False, unique=True)),
        migrations.AddField(
            model_name="livesession",
            name="settled_ms",
            field=models.PositiveIntegerField(
                default=0,
                help_text="everything that was said before is in the utterances: listening goes on here",
            ),
        ),
        migrations.AddField(
            model_name="livesession",
            name="consent",
            field=models.CharField(
                choices=[
                    ("off", "stays with its speaker, encrypted"),
                    ("queue", "goes to the queue of corrections"),
                ],
                default="queue",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="livesession",
            name="keywords",
            field=base.encryption.EncryptedField(default=list, help_text="what may be named in it"),
        ),
        migrations.AddField(
            model_name="livesession",
            name="language",
            field=models.CharField(default="zh", max_length=8),
        ),
        migrations.AddField(
            model_name="livesession",
            name="options",
            field=models.JSONField(
                default=dict, help_text="where utterances end, how often partial texts come"
            ),
        ),
        migrations.AddField(
            model_name="livesession",
            name="protocol",
            field=models.CharField(default="native", max_length=20),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="adapter",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="avg_logprob",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="corrected_text",
            field=base.encryption.EncryptedField(
                blank=True, default=str, help_text="as its speaker put it right"
            ),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="corrections",
            field=base.encryption.EncryptedField(
                default=list, help_text="every version of that: [{text, at}]"
            ),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="flags",
            field=models.JSONField(default=list, help_text="hallucination signals, as codes"),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="is_corrected",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="is_uncertain",
            field=models.BooleanField(default=False, help_text="to be looked at by an expert"),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="language",
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="model",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="normaliser_version",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="rejected_text",
            field=base.encryption.EncryptedField(
                blank=True, default=str, help_text="heard, held for invented, not shown"
            ),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="settings",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="liveutterance",
            name="tokens",
            field=base.encryption.EncryptedField(default=list, help_text="[[text, logprob]]"),
        ),
        migrations.AlterField(
            model_name="livesession",
            name="spool_path",
            field=models.CharField(help_text="sealed sound, under DATA_DIR", max_length=255),
        ),
        migrations.AlterField(
            model_name="livesession",
            name="status",
            field=models.CharField(
                choices=[
                    ("active", "active"),
                    ("ended", "ended"),
                    ("stored", "stored as a recording"),
                    ("empty", "ended without sound"),
                    ("private", "kept for its speaker alone"),
                    ("expired", "kept as long as was agreed, then deleted"),
                ],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="liveutterance",
            name="final_latency_ms",
            field=models.PositiveIntegerField(default=0, help_text="end of speech to final text"),
        ),
    ]
