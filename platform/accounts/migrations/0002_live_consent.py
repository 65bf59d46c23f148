from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="live_consent",
            field=models.CharField(
                choices=[
                    ("off", "stays with its speaker, encrypted"),
                    ("queue", "goes to the queue of corrections"),
                ],
                default="queue",
                max_length=10,
                verbose_name="live sessions",
            ),
        ),
    ]
