
import claims.refs
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0013_watches'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=claims.refs.new_ref, editable=False, max_length=10, unique=True)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ImportItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=claims.refs.new_ref, editable=False, max_length=10, unique=True)),
                ('nth', models.PositiveIntegerField(default=0)),
                ('place', models.CharField(max_length=2000, verbose_name='file')),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='size in bytes')),
                ('media_type', models.CharField(blank=True, max_length=100)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('opened', 'Opened'), ('new', 'New'), ('known', 'Known already'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('why', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('hinted_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('article', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='claims.article')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='claims.import')),
                ('inside', models.ForeignKey(blank=True, help_text='The bundle it was in.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='claims.importitem')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['hinted_at'], name='claims_importitem_to_do'), models.Index(fields=['batch', 'state', 'id'], name='claims_importitem_of_batch'), models.Index(fields=['sha256'], name='claims_importitem_bytes')],
                'constraints': [models.UniqueConstraint(fields=('inside', 'nth'), name='claims_importitem_once_in_its_bundle'), models.CheckConstraint(condition=models.Q(models.Q(('article__isnull', False), ('state__in', ['new', 'known'])), models.Q(models.Q(('state__in', ['new', 'known']), _negated=True), ('article__isnull', True)), _connector='OR'), name='claims_importitem_kept_names_its_article'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='claims_importitem_failed_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='claims_importitem_settled_at_an_hour'), models.CheckConstraint(condition=models.Q(('inside__isnull', True), models.Q(('inside', models.F('pk')), _negated=True), _connector='OR'), name='claims_importitem_not_inside_itself'), models.CheckConstraint(condition=models.Q(('sha256__regex', '^([0-9a-f]{64})?$')), name='claims_importitem_hash_is_one')],
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=claims.refs.new_ref, editable=False, max_length=10, unique=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked', models.CharField(blank=True, max_length=2000, verbose_name='address asked for')),
                ('quotation', models.TextField(blank=True, help_text='The passage its sender had marked.')),
                ('state', models.CharField(choices=[('looking', 'Being fetched'), ('read', 'To be kept or dropped'), ('failed', 'Could not be read'), ('several', 'Holds several documents'), ('kept', 'Kept')], default='looking', max_length=8)),
                ('why', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('hinted_at', models.DateTimeField(blank=True, null=True)),
                ('text', models.TextField(blank=True)),
                ('title', models.TextField(blank=True)),
                ('source', models.TextField(blank=True)),
                ('url', models.TextField(blank=True)),
                ('published_on', models.DateField(blank=True, null=True)),
                ('language', models.TextField(blank=True)),
                ('author', models.TextField(blank=True)),
                ('licence', models.TextField(blank=True)),
                ('canonical', models.TextField(blank=True, verbose_name='canonical address')),
                ('demo', models.BooleanField(default=False)),
                ('guessed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                ('place', models.CharField(blank=True, max_length=2000)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('media_type', models.CharField(blank=True, max_length=100)),
                ('address', models.CharField(blank=True, help_text='Where it was found in the end, after redirects.', max_length=2000)),
                ('request_headers', models.JSONField(blank=True, default=list)),
                ('response_headers', models.JSONField(blank=True, default=list)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('article', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='claims.article')),
                ('batch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='claims.import')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['by', 'state', '-id'], name='claims_offer_of_person'), models.Index(fields=['sha256'], name='claims_offer_bytes')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('article__isnull', False), ('state', 'kept')), models.Q(models.Q(('state', 'kept'), _negated=True), ('article__isnull', True)), _connector='OR'), name='claims_offer_kept_names_its_article'), models.CheckConstraint(condition=models.Q(models.Q(('batch__isnull', False), ('state', 'several')), models.Q(models.Q(('state', 'several'), _negated=True), ('batch__isnull', True)), _connector='OR'), name='claims_offer_several_names_its_import'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='claims_offer_failed_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'read'), _negated=True), models.Q(models.Q(('text', ''), _negated=True), models.Q(('sha256', ''), _negated=True)), _connector='OR'), name='claims_offer_read_has_text_and_bytes'), models.CheckConstraint(condition=models.Q(('sha256__regex', '^([0-9a-f]{64})?$')), name='claims_offer_hash_is_one')],
            },
        ),
    ]
