import crm.setup.models
import django.core.validators
import django.db.models.deletion
import django_countries.fields
import pghistory.utils
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_functions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='company name')),
                ('legal_name', models.CharField(blank=True, help_text='As it stands in the register, for example Höfle GmbH.', max_length=200, verbose_name='legal name')),
                ('street', models.CharField(blank=True, max_length=200, verbose_name='street')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postal code')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', django_countries.fields.CountryField(blank=True, default='DE', max_length=2, verbose_name='country')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('website', models.CharField(blank=True, max_length=200, verbose_name='website')),
                ('logo', models.FileField(blank=True, help_text='PNG or JPEG, at most 1 MB.', upload_to=crm.setup.models.logo_name, verbose_name='logo')),
                ('vat_id', models.CharField(blank=True, max_length=20, verbose_name='VAT ID')),
                ('tax_number', models.CharField(blank=True, max_length=30, verbose_name='tax number')),
                ('small_business', models.BooleanField(default=False, help_text='No VAT is charged on any document.', verbose_name='small business (§ 19 UStG)')),
                ('register_court', models.CharField(blank=True, max_length=100, verbose_name='register court')),
                ('register_number', models.CharField(blank=True, max_length=40, verbose_name='register number')),
                ('managing_directors', models.CharField(blank=True, max_length=200, verbose_name='managing directors')),
                ('bank_name', models.CharField(blank=True, max_length=100, verbose_name='bank')),
                ('iban', models.CharField(blank=True, max_length=34, verbose_name='IBAN')),
                ('bic', models.CharField(blank=True, max_length=11, verbose_name='BIC')),
                ('payment_terms_days', models.PositiveSmallIntegerField(default=30, help_text='For customers without terms of their own.', validators=[django.core.validators.MaxValueValidator(365)], verbose_name='payment terms (days)')),
                ('quote_valid_days', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(365)], verbose_name='quotes are valid for (days)')),
            ],
            options={
                'verbose_name': 'own company',
                'verbose_name_plural': 'own company',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='setup_organisation_one')],
            },
        ),
        migrations.CreateModel(
            name='OrganisationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='company name')),
                ('legal_name', models.CharField(blank=True, help_text='As it stands in the register, for example Höfle GmbH.', max_length=200, verbose_name='legal name')),
                ('street', models.CharField(blank=True, max_length=200, verbose_name='street')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postal code')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', django_countries.fields.CountryField(blank=True, default='DE', max_length=2, verbose_name='country')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('website', models.CharField(blank=True, max_length=200, verbose_name='website')),
                ('logo', models.FileField(blank=True, help_text='PNG or JPEG, at most 1 MB.', upload_to=crm.setup.models.logo_name, verbose_name='logo')),
                ('vat_id', models.CharField(blank=True, max_length=20, verbose_name='VAT ID')),
                ('tax_number', models.CharField(blank=True, max_length=30, verbose_name='tax number')),
                ('small_business', models.BooleanField(default=False, help_text='No VAT is charged on any document.', verbose_name='small business (§ 19 UStG)')),
                ('register_court', models.CharField(blank=True, max_length=100, verbose_name='register court')),
                ('register_number', models.CharField(blank=True, max_length=40, verbose_name='register number')),
                ('managing_directors', models.CharField(blank=True, max_length=200, verbose_name='managing directors')),
                ('bank_name', models.CharField(blank=True, max_length=100, verbose_name='bank')),
                ('iban', models.CharField(blank=True, max_length=34, verbose_name='IBAN')),
                ('bic', models.CharField(blank=True, max_length=11, verbose_name='BIC')),
                ('payment_terms_days', models.PositiveSmallIntegerField(default=30, help_text='For customers without terms of their own.', validators=[django.core.validators.MaxValueValidator(365)], verbose_name='payment terms (days)')),
                ('quote_valid_days', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(365)], verbose_name='quotes are valid for (days)')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='setup.organisation')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
