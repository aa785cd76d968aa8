"""The list of companies and persons in one: a view, the table of the model Listed."""

from django.db import migrations

# Simple enough that the planner looks through it: conditions, sorting and limits reach the indexes of both tables.
LISTED = """
CREATE VIEW contacts_listed AS
  SELECT id * 2 AS id, 'company'::varchar(7) AS kind, id AS record_id, name::varchar AS name, sort_name, search_text,
    number, NULL::bigint AS company_id, ''::varchar(120) AS function, email, phone, ''::varchar(40) AS mobile, website,
    vat_id, street, postal_code, city, country, status, is_active, owner_id, created_at, updated_at
  FROM contacts_company
  UNION ALL
  SELECT id * 2 + 1, 'person'::varchar(7), id,
    coalesce(nullif(concat_ws(' ', nullif(title, ''), nullif(first_name, ''), nullif(last_name, '')), ''), email)::varchar,
    sort_name, search_text, ''::varchar(20), company_id, function, email, phone, mobile, ''::varchar(200), ''::varchar(20),
    street, postal_code, city, country, ''::varchar(10), is_active, owner_id, created_at, updated_at
  FROM contacts_person
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]
    operations = [migrations.RunSQL(LISTED, "DROP VIEW contacts_listed")]
