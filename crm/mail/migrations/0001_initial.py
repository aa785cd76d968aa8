import crm.core.fold
import django.db.models.deletion
import django.utils.timezone
import pghistory.utils
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('core', '0001_functions'),
        ('files', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MailTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='kind of mail')),
                ('language', models.CharField(choices=[('de', 'Deutsch'), ('en', 'English')], max_length=2, verbose_name='language')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('body', models.TextField(max_length=10000, verbose_name='text')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
            ],
            options={
                'verbose_name': 'mail template',
                'verbose_name_plural': 'mail templates',
                'constraints': [models.UniqueConstraint(fields=('kind', 'language'), name='mail_mailtemplate_one')],
            },
        ),
        migrations.CreateModel(
            name='OutgoingMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to', models.EmailField(max_length=254, verbose_name='recipient')),
                ('subject', models.CharField(max_length=250, verbose_name='subject')),
                ('text', models.TextField(verbose_name='text')),
                ('maker', models.CharField(blank=True, max_length=40)),
                ('made_of', models.BigIntegerField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed')], default='waiting', max_length=7, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('next_try_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next attempt')),
                ('message_id', models.CharField(editable=False, max_length=200, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('sent_at', models.DateTimeField(editable=False, null=True, verbose_name='sent at')),
                ('search_text', models.GeneratedField(db_persist=True, expression=crm.core.fold._Search(models.F('to'), models.F('subject')), output_field=models.TextField())),
                ('files', models.ManyToManyField(blank=True, related_name='+', to='files.storedfile', verbose_name='attachments')),
                ('sender', models.ForeignKey(help_text='who sent it; nobody: the CRM itself', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='sender')),
            ],
            options={
                'verbose_name': 'outgoing mail',
                'verbose_name_plural': 'outgoing mails',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='mail_outgoing_waiting'), models.Index(fields=['sender', '-created_at'], name='mail_outgoing_sender')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sent', 'failed'])), name='mail_outgoingmail_state'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='mail_outgoingmail_sent_has_a_moment'), models.CheckConstraint(condition=models.Q(models.Q(('made_of', None), ('maker', '')), models.Q(models.Q(('maker', ''), _negated=True), ('made_of__isnull', False)), _connector='OR'), name='mail_outgoingmail_maker_has_a_record')],
            },
        ),
        migrations.CreateModel(
            name='MailTemplateEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=40, verbose_name='kind of mail')),
                ('language', models.CharField(choices=[('de', 'Deutsch'), ('en', 'English')], max_length=2, verbose_name='language')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('body', models.TextField(max_length=10000, verbose_name='text')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='mail.mailtemplate')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
