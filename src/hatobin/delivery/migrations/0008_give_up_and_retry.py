from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0007_emergency_stop'),
    ]

    operations = [
        migrations.AddField(
            model_name='dispatch',
            name='give_up_after',
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name='dispatch',
            name='retry',
            field=models.CharField(blank=True, db_default='', default='', max_length=400),
        ),
    ]
