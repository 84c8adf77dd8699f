"""Who corrects what was guessed of an article; and no article is without a word."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("claims", "0019_kept_of_pages")]

    operations = [
        migrations.AlterModelOptions(
            name="article",
            options={
                "permissions": [("correct_article", "Can correct what was guessed of an article")]
            },
        ),
        # Of articles that came before this, one without a word may be there.
        AddConstraintNotValid(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="claims_article_has_text"
            ),
        ),
    ]
