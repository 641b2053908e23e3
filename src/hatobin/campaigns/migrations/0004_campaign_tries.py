from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_campaign_order_key'),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='give_up_after',
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='retry',
            field=models.CharField(blank=True, db_default='', default='', max_length=400),
        ),
    ]
