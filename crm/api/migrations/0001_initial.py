from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_functions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Throttle',
            fields=[
                ('caller', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('since', models.DateTimeField(db_index=True)),
                ('count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'API throttle',
            },
        ),
    ]
