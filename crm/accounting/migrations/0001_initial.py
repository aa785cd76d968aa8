import crm.core.fold
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pghistory.utils
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('core', '0001_functions'),
        ('files', '0001_initial'),
        ('sales', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BankStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('status', models.CharField(choices=[('columns', 'Columns to be assigned'), ('read', 'Read')], default='columns', max_length=7, verbose_name='status')),
                ('mapping', models.JSONField(default=dict)),
                ('known', models.PositiveIntegerField(default=0, verbose_name='already there')),
                ('pending', models.PositiveIntegerField(default=0, verbose_name='not booked yet')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='imported by')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.storedfile', verbose_name='file')),
            ],
            options={
                'verbose_name': 'bank statement',
                'verbose_name_plural': 'bank statements',
                'ordering': ['-created_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['columns', 'read'])), name='accounting_bankstatement_status')],
            },
        ),
        migrations.CreateModel(
            name='DatevSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consultant_number', models.PositiveIntegerField(default=1001, validators=[django.core.validators.MinValueValidator(1001), django.core.validators.MaxValueValidator(9999999)], verbose_name='consultant number')),
                ('client_number', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999)], verbose_name='client number')),
                ('fiscal_year_month', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)], verbose_name='first month of the fiscal year')),
                ('chart', models.CharField(choices=[('SKR03', 'SKR03'), ('SKR04', 'SKR04')], default='SKR03', max_length=5, verbose_name='chart of accounts')),
                ('account_length', models.PositiveSmallIntegerField(default=4, validators=[django.core.validators.MinValueValidator(4), django.core.validators.MaxValueValidator(8)], verbose_name='length of account numbers')),
                ('debtors_account', models.PositiveIntegerField(default=10000, help_text='For customers without a customer number that is an account.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name="collective debtors' account")),
                ('one_debtor', models.BooleanField(default=False, verbose_name='all customers on the collective account')),
                ('bank_account', models.PositiveIntegerField(blank=True, help_text="Empty: the chart's standard.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name='bank account')),
                ('cash_account', models.PositiveIntegerField(blank=True, help_text="Empty: the chart's standard.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name='cash account')),
            ],
            options={
                'verbose_name': 'DATEV settings',
                'verbose_name_plural': 'DATEV settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='accounting_datevsettings_one'), models.CheckConstraint(condition=models.Q(('chart__in', ['SKR03', 'SKR04'])), name='accounting_datevsettings_chart')],
            },
        ),
        migrations.CreateModel(
            name='DunningBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='blocked by')),
                ('invoice', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='dunning_block', to='sales.invoice', verbose_name='invoice')),
            ],
            options={
                'verbose_name': 'dunning block',
                'verbose_name_plural': 'dunning blocks',
            },
        ),
        migrations.CreateModel(
            name='RevenueAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tax_treatment', models.CharField(choices=[('domestic', 'VAT is charged'), ('intra_community', 'Intra-community supply'), ('reverse_charge', 'Reverse charge'), ('export', 'Export outside the EU'), ('small_business', 'Small business (§ 19 UStG)'), ('exempt', 'Exempt from VAT')], max_length=20, verbose_name='tax treatment')),
                ('vat_rate', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=5, verbose_name='VAT (%)')),
                ('account', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name='account')),
                ('tax_key', models.CharField(blank=True, help_text='Empty for automatic accounts.', max_length=4, verbose_name='tax key')),
            ],
            options={
                'verbose_name': 'revenue account',
                'verbose_name_plural': 'revenue accounts',
                'ordering': ['tax_treatment', '-vat_rate'],
                'constraints': [models.UniqueConstraint(fields=('tax_treatment', 'vat_rate'), name='accounting_revenueaccount_one'), models.CheckConstraint(condition=models.Q(('tax_treatment__in', ['domestic', 'intra_community', 'reverse_charge', 'export', 'small_business', 'exempt'])), name='accounting_revenueaccount_tax'), models.CheckConstraint(condition=models.Q(('vat_rate__gte', 0), ('vat_rate__lte', 100)), name='accounting_revenueaccount_percent')],
            },
        ),
        migrations.CreateModel(
            name='BankEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=34, verbose_name='own account')),
                ('key', models.CharField(editable=False, max_length=60)),
                ('booked_on', models.DateField(verbose_name='booking date')),
                ('valued_on', models.DateField(null=True, verbose_name='value date')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('currency', models.CharField(default='EUR', max_length=3, verbose_name='currency')),
                ('name', models.CharField(blank=True, max_length=140, verbose_name='payer or payee')),
                ('iban', models.CharField(blank=True, max_length=34, verbose_name='IBAN')),
                ('purpose', models.CharField(blank=True, max_length=500, verbose_name='purpose')),
                ('kind', models.CharField(blank=True, max_length=80, verbose_name='booking text')),
                ('end_to_end', models.CharField(blank=True, max_length=60, verbose_name='end-to-end reference')),
                ('reference', models.CharField(blank=True, max_length=60, verbose_name="the bank's reference")),
                ('state', models.CharField(choices=[('open', 'Open'), ('booked', 'Booked'), ('ignored', 'Ignored')], default='open', max_length=7, verbose_name='state')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                ('search_text', models.GeneratedField(db_persist=True, expression=crm.core.fold._Search(models.F('name'), models.F('purpose'), models.F('iban'), models.F('end_to_end')), output_field=models.TextField())),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('statement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounting.bankstatement', verbose_name='bank statement')),
            ],
            options={
                'verbose_name': 'bank entry',
                'verbose_name_plural': 'bank entries',
                'ordering': ['-booked_on', '-pk'],
                'indexes': [models.Index(fields=['state', '-booked_on'], name='accounting_entry_state'), models.Index(condition=models.Q(('iban', ''), _negated=True), fields=['iban'], name='accounting_entry_iban'), models.Index(fields=['account', 'booked_on', 'amount'], name='accounting_entry_twin')],
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='accounting_bankentry_once'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'booked', 'ignored'])), name='accounting_bankentry_state'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='accounting_bankentry_decided')],
            },
        ),
        migrations.CreateModel(
            name='BankStatementEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('content_hash', models.CharField(editable=False, max_length=64)),
                ('status', models.CharField(choices=[('columns', 'Columns to be assigned'), ('read', 'Read')], default='columns', max_length=7, verbose_name='status')),
                ('mapping', models.JSONField(default=dict)),
                ('known', models.PositiveIntegerField(default=0, verbose_name='already there')),
                ('pending', models.PositiveIntegerField(default=0, verbose_name='not booked yet')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('created_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='imported by')),
                ('file', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='files.storedfile', verbose_name='file')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounting.bankstatement')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DatevSettingsEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('consultant_number', models.PositiveIntegerField(default=1001, validators=[django.core.validators.MinValueValidator(1001), django.core.validators.MaxValueValidator(9999999)], verbose_name='consultant number')),
                ('client_number', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999)], verbose_name='client number')),
                ('fiscal_year_month', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)], verbose_name='first month of the fiscal year')),
                ('chart', models.CharField(choices=[('SKR03', 'SKR03'), ('SKR04', 'SKR04')], default='SKR03', max_length=5, verbose_name='chart of accounts')),
                ('account_length', models.PositiveSmallIntegerField(default=4, validators=[django.core.validators.MinValueValidator(4), django.core.validators.MaxValueValidator(8)], verbose_name='length of account numbers')),
                ('debtors_account', models.PositiveIntegerField(default=10000, help_text='For customers without a customer number that is an account.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name="collective debtors' account")),
                ('one_debtor', models.BooleanField(default=False, verbose_name='all customers on the collective account')),
                ('bank_account', models.PositiveIntegerField(blank=True, help_text="Empty: the chart's standard.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name='bank account')),
                ('cash_account', models.PositiveIntegerField(blank=True, help_text="Empty: the chart's standard.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name='cash account')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounting.datevsettings')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DunningBlockEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('created_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='blocked by')),
                ('invoice', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='sales.invoice', verbose_name='invoice')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounting.dunningblock')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RevenueAccountEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('tax_treatment', models.CharField(choices=[('domestic', 'VAT is charged'), ('intra_community', 'Intra-community supply'), ('reverse_charge', 'Reverse charge'), ('export', 'Export outside the EU'), ('small_business', 'Small business (§ 19 UStG)'), ('exempt', 'Exempt from VAT')], max_length=20, verbose_name='tax treatment')),
                ('vat_rate', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=5, verbose_name='VAT (%)')),
                ('account', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99999999)], verbose_name='account')),
                ('tax_key', models.CharField(blank=True, help_text='Empty for automatic accounts.', max_length=4, verbose_name='tax key')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounting.revenueaccount')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BankEntryEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('account', models.CharField(max_length=34, verbose_name='own account')),
                ('key', models.CharField(editable=False, max_length=60)),
                ('booked_on', models.DateField(verbose_name='booking date')),
                ('valued_on', models.DateField(null=True, verbose_name='value date')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('currency', models.CharField(default='EUR', max_length=3, verbose_name='currency')),
                ('name', models.CharField(blank=True, max_length=140, verbose_name='payer or payee')),
                ('iban', models.CharField(blank=True, max_length=34, verbose_name='IBAN')),
                ('purpose', models.CharField(blank=True, max_length=500, verbose_name='purpose')),
                ('kind', models.CharField(blank=True, max_length=80, verbose_name='booking text')),
                ('end_to_end', models.CharField(blank=True, max_length=60, verbose_name='end-to-end reference')),
                ('reference', models.CharField(blank=True, max_length=60, verbose_name="the bank's reference")),
                ('state', models.CharField(choices=[('open', 'Open'), ('booked', 'Booked'), ('ignored', 'Ignored')], default='open', max_length=7, verbose_name='state')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                ('decided_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounting.bankentry')),
                ('statement', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounting.bankstatement', verbose_name='bank statement')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone at')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='accounting.bankentry', verbose_name='bank entry')),
                ('payment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='booking', to='sales.payment', verbose_name='payment')),
            ],
            options={
                'verbose_name': 'booking',
                'verbose_name_plural': 'bookings',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='BookingEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone at')),
                ('entry', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounting.bankentry', verbose_name='bank entry')),
                ('payment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='sales.payment', verbose_name='payment')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounting.booking')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
