import crm.core.fold
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import django_countries.fields
import inbox.models
import pghistory.utils
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('contacts', '0001_initial'),
        ('core', '0001_functions'),
        ('files', '0001_initial'),
        ('imports', '0001_initial'),
        ('lists', '0001_initial'),
        ('opportunities', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProcessingStatus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_done', models.BooleanField(default=False, help_text='Here the item asks: convert or archive?', verbose_name='done')),
            ],
            options={
                'verbose_name': 'processing status',
                'verbose_name_plural': 'processing statuses',
                'ordering': ['position', 'name'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WebForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('key', models.CharField(default=inbox.models.public_key, editable=False, max_length=32, unique=True)),
                ('heading', models.CharField(blank=True, max_length=120, verbose_name='heading')),
                ('introduction', models.TextField(blank=True, verbose_name='introduction')),
                ('language', models.CharField(choices=[('de', 'Deutsch'), ('en', 'English')], default='de', max_length=2, verbose_name='language')),
                ('fields', models.JSONField(default=list, verbose_name='fields')),
                ('consent_text', models.TextField(blank=True, help_text='Shown beside a box that must be ticked; empty: no box.', verbose_name='consent')),
                ('thanks', models.TextField(blank=True, verbose_name='thank-you text')),
                ('embed_origins', models.TextField(blank=True, help_text='One web address in each line, such as https://www.example.com', verbose_name='may be embedded by')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lists.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'web form',
                'verbose_name_plural': 'web forms',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='InboxItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('kind', models.CharField(choices=[('cold', 'Cold lead'), ('mql', 'MQL'), ('sql', 'SQL'), ('opportunity', 'Opportunity')], default='cold', max_length=11, verbose_name='kind')),
                ('company_name', models.CharField(blank=True, max_length=200, verbose_name='company name')),
                ('street', models.CharField(blank=True, max_length=200, verbose_name='street')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postal code')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', django_countries.fields.CountryField(blank=True, max_length=2, verbose_name='country')),
                ('first_name', models.CharField(blank=True, max_length=100, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=100, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('message', models.TextField(blank=True, verbose_name='message')),
                ('expected_budget', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='expected budget')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('qualified_at', models.DateTimeField(editable=False, null=True, verbose_name='qualified at')),
                ('archived_at', models.DateTimeField(editable=False, null=True, verbose_name='archived at')),
                ('archive_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='reason for archiving')),
                ('external_id', models.CharField(blank=True, help_text='ID in another system', max_length=100, null=True, verbose_name='external ID')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('search_text', models.GeneratedField(db_persist=True, expression=crm.core.fold._Search(models.F('title'), models.F('company_name'), models.F('first_name'), models.F('last_name'), models.F('email'), models.F('phone'), models.F('city'), models.F('external_id')), output_field=models.TextField())),
                ('company', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inbox_items', to='contacts.company', verbose_name='company')),
                ('files', models.ManyToManyField(blank=True, related_name='+', to='files.storedfile', verbose_name='files')),
                ('import_run', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='imports.importrun')),
                ('opportunity', models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inbox_item', to='opportunities.opportunity', verbose_name='opportunity')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inbox_items', to='contacts.person', verbose_name='person')),
                ('priority', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lists.priority', verbose_name='priority')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lists.source', verbose_name='source')),
                ('status', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inbox.processingstatus', verbose_name='processing status')),
            ],
            options={
                'verbose_name': 'inbox item',
                'verbose_name_plural': 'inbox items',
                'indexes': [models.Index(fields=['-created_at', '-id'], name='inbox_inboxitem_created'), models.Index(condition=models.Q(('archived_at', None), ('opportunity', None)), fields=['-created_at', '-id'], name='inbox_inboxitem_waiting'), models.Index(fields=['owner', '-created_at'], name='inbox_inboxitem_owner'), django.contrib.postgres.indexes.GinIndex(fields=['search_text'], name='inbox_inboxitem_search', opclasses=['gin_trgm_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['cold', 'mql', 'sql', 'opportunity'])), name='inbox_inboxitem_kind'), models.UniqueConstraint(condition=models.Q(('external_id__isnull', False)), fields=('source', 'external_id'), name='inbox_inboxitem_external_id', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('opportunity', None), ('qualified_at__isnull', False), _connector='OR'), name='inbox_inboxitem_converted_is_qualified'), models.CheckConstraint(condition=models.Q(models.Q(('archive_reason', ''), ('archived_at', None)), models.Q(('archived_at__isnull', False), ('opportunity', None), models.Q(('archive_reason', ''), _negated=True)), _connector='OR'), name='inbox_inboxitem_archived', violation_error_message='An item is archived with a reason, and only while it is not converted.'), models.CheckConstraint(condition=models.Q(('expected_budget', None), ('expected_budget__gte', 0), _connector='OR'), name='inbox_inboxitem_budget', violation_error_message='An amount is zero or more.')],
            },
        ),
        migrations.CreateModel(
            name='ProcessingStatusEvent',
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
                ('is_done', models.BooleanField(default=False, help_text='Here the item asks: convert or archive?', verbose_name='done')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.processingstatus')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WebFormEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('key', models.CharField(default=inbox.models.public_key, editable=False, max_length=32)),
                ('heading', models.CharField(blank=True, max_length=120, verbose_name='heading')),
                ('introduction', models.TextField(blank=True, verbose_name='introduction')),
                ('language', models.CharField(choices=[('de', 'Deutsch'), ('en', 'English')], default='de', max_length=2, verbose_name='language')),
                ('fields', models.JSONField(default=list, verbose_name='fields')),
                ('consent_text', models.TextField(blank=True, help_text='Shown beside a box that must be ticked; empty: no box.', verbose_name='consent')),
                ('thanks', models.TextField(blank=True, verbose_name='thank-you text')),
                ('embed_origins', models.TextField(blank=True, help_text='One web address in each line, such as https://www.example.com', verbose_name='may be embedded by')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.webform')),
                ('source', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lists.source', verbose_name='source')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='InboxItemEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('kind', models.CharField(choices=[('cold', 'Cold lead'), ('mql', 'MQL'), ('sql', 'SQL'), ('opportunity', 'Opportunity')], default='cold', max_length=11, verbose_name='kind')),
                ('company_name', models.CharField(blank=True, max_length=200, verbose_name='company name')),
                ('street', models.CharField(blank=True, max_length=200, verbose_name='street')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postal code')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', django_countries.fields.CountryField(blank=True, max_length=2, verbose_name='country')),
                ('first_name', models.CharField(blank=True, max_length=100, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=100, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('message', models.TextField(blank=True, verbose_name='message')),
                ('expected_budget', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='expected budget')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('qualified_at', models.DateTimeField(editable=False, null=True, verbose_name='qualified at')),
                ('archived_at', models.DateTimeField(editable=False, null=True, verbose_name='archived at')),
                ('archive_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='reason for archiving')),
                ('external_id', models.CharField(blank=True, help_text='ID in another system', max_length=100, null=True, verbose_name='external ID')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('company', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='contacts.company', verbose_name='company')),
                ('import_run', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='imports.importrun')),
                ('opportunity', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='opportunities.opportunity', verbose_name='opportunity')),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible')),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='contacts.person', verbose_name='person')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.inboxitem')),
                ('priority', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lists.priority', verbose_name='priority')),
                ('source', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lists.source', verbose_name='source')),
                ('status', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='inbox.processingstatus', verbose_name='processing status')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(help_text='given with the empty form', unique=True)),
                ('address', models.GenericIPAddressField(null=True)),
                ('consent_text', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='submission', to='inbox.inboxitem')),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='inbox.webform')),
            ],
            options={
                'verbose_name': 'submission of a web form',
                'verbose_name_plural': 'submissions of web forms',
                'indexes': [models.Index(fields=['address', 'created_at'], name='inbox_submission_throttle'), models.Index(fields=['form', 'created_at'], name='inbox_submission_form')],
            },
        ),
    ]
