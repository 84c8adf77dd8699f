"""What a person may do is asked at every page and under every lock; here it is planned once."""

from django.db import migrations

PERMISSIONS_OF = """
CREATE FUNCTION reviews_permissions_of(who bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN ARRAY(
        SELECT kind.app_label || '.' || permission.codename
        FROM auth_permission permission
        JOIN django_content_type kind ON kind.id = permission.content_type_id
        WHERE permission.id IN (
            SELECT own.permission_id FROM reviews_user_user_permissions own WHERE own.user_id = who
            UNION ALL
            SELECT held.permission_id FROM reviews_user_groups member
            JOIN auth_group_permissions held ON held.group_id = member.group_id
            WHERE member.user_id = who
        )
    );
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ('reviews', '0027_planned_once'),
    ]

    operations = [
        migrations.RunSQL(PERMISSIONS_OF, "DROP FUNCTION reviews_permissions_of;"),
    ]
