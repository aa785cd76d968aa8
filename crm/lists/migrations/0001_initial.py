import django.db.models.deletion
import pghistory.utils
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_functions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Priority',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('blue', 'Blue'), ('green', 'Green'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet'), ('teal', 'Teal')], default='grey', max_length=8, verbose_name='colour')),
            ],
            options={
                'verbose_name': 'priority',
                'verbose_name_plural': 'priorities',
                'ordering': ['position', 'name'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('colour__in', ['grey', 'blue', 'green', 'amber', 'red', 'violet', 'teal'])), name='lists_priority_colour')],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('blue', 'Blue'), ('green', 'Green'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet'), ('teal', 'Teal')], default='grey', max_length=8, verbose_name='colour')),
            ],
            options={
                'verbose_name': 'source',
                'verbose_name_plural': 'sources',
                'ordering': ['position', 'name'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('colour__in', ['grey', 'blue', 'green', 'amber', 'red', 'violet', 'teal'])), name='lists_source_colour')],
            },
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('blue', 'Blue'), ('green', 'Green'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet'), ('teal', 'Teal')], default='grey', max_length=8, verbose_name='colour')),
            ],
            options={
                'verbose_name': 'tag',
                'verbose_name_plural': 'tags',
                'ordering': ['position', 'name'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('colour__in', ['grey', 'blue', 'green', 'amber', 'red', 'violet', 'teal'])), name='lists_tag_colour')],
            },
        ),
        migrations.CreateModel(
            name='PriorityEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('blue', 'Blue'), ('green', 'Green'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet'), ('teal', 'Teal')], default='grey', max_length=8, verbose_name='colour')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='lists.priority')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SourceEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('blue', 'Blue'), ('green', 'Green'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet'), ('teal', 'Teal')], default='grey', max_length=8, verbose_name='colour')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='lists.source')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TagEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('blue', 'Blue'), ('green', 'Green'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet'), ('teal', 'Teal')], default='grey', max_length=8, verbose_name='colour')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='lists.tag')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
