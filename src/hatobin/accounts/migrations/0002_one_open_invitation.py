from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        # Of several open ones the newest stays: the one that was shown last.
        migrations.RunSQL(
            """
            DELETE FROM accounts_invitation AS older USING accounts_invitation AS newer
            WHERE older.accepted_at IS NULL AND newer.accepted_at IS NULL
              AND older.workspace_id = newer.workspace_id AND older.email = newer.email
              AND (older.created_at, older.id) < (newer.created_at, newer.id)
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepted_at", None)),
                fields=("workspace", "email"),
                name="one_open_invitation_per_address",
            ),
        ),
    ]
