import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0005_lanes'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='held_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='laneshare',
            name='title',
            field=models.CharField(blank=True, db_default='', default='', max_length=120),
        ),
        migrations.AddField(
            model_name='laneshare',
            name='domains',
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=253),
                db_default=Value(
                    [],
                    django.contrib.postgres.fields.ArrayField(models.CharField(max_length=253)),
                ),
                default=list,
                size=None,
            ),
        ),
    ]
