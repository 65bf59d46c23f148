from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0003_expert_minutes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="recording",
            name="status",
            field=models.CharField(
                choices=[
                    ("growing", "still being spoken"),
                    ("uploaded", "uploaded"),
                    ("normalised", "ingested"),
                    ("segmented", "segmented"),
                    ("drafted", "drafted"),
                    ("failed", "failed"),
                ],
                db_index=True,
                default="uploaded",
                max_length=12,
            ),
        ),
    ]
