"""SQL functions that generated columns, defaults and look-ups share. They use nothing newer than PostgreSQL 15.

crm_fold(text)         how names are compared: Müller = Mueller = Muller = MULLER; punctuation is a space
crm_search(text, …)    several columns folded into one searchable text
crm_company_key(text)  crm_fold without the legal form: "Höfle GmbH & Co. KG" = "Hoefle"
crm_domain(mail, web)  the company's own web domain; empty for freemail
crm_reference(prefix)  the next number: OPP-2026-000001, K-10001
"""

from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension, UnaccentExtension
from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION crm_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(
    replace(replace(replace(
      lower(public.unaccent('public.unaccent'::regdictionary, value)), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'),
    '[\s!-/:-@\[-`{-~]+', ' ', 'g'))
$$;

CREATE FUNCTION crm_search(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT public.crm_fold(array_to_string(parts, ' '))
$$;

CREATE FUNCTION crm_company_key(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(
    nullif(btrim(regexp_replace(public.crm_fold(value),
      '\m(gmbh|mbh|ggmbh|gesellschaft|co|kg|kgaa|ag|se|ug|haftungsbeschrankt|ohg|gbr|e k|ek|e kfr|e kfm|e v|ev|eg|'
      'partg|partgmbb|inc|incorporated|llc|llp|ltd|limited|plc|corp|corporation|company|b v|bv|n v|nv|s a|sa|sarl|'
      'sas|s r l|srl|s p a|spa|oy|ab|aps|kft|s r o|sro|d o o|doo|sp z o o|und|and)\M\s*', '', 'g')), ''),
    public.crm_fold(value))
$$;

CREATE FUNCTION crm_domain(email text, website text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN host = ANY (ARRAY['gmail.com', 'googlemail.com', 'gmx.de', 'gmx.net', 'gmx.at', 'gmx.ch', 'web.de',
      't-online.de', 'freenet.de', 'yahoo.com', 'yahoo.de', 'hotmail.com', 'hotmail.de', 'outlook.com', 'outlook.de',
      'live.com', 'live.de', 'icloud.com', 'me.com', 'aol.com', 'aol.de', 'arcor.de', 'posteo.de', 'mailbox.org',
      'proton.me', 'protonmail.com', 'online.de', 'email.de', 'mail.de', 'mail.com', 'bluewin.ch'])
    THEN '' ELSE host END
  FROM (SELECT coalesce(
    nullif(substring(lower(btrim(website)) from '^(?:[a-z]+://)?(?:[^/@]*@)?(?:www\.)?([^/:?#\s]+\.[^/:?#\s]+)'), ''),
    nullif(substring(lower(btrim(email)) from '@([^@\s]+)$'), ''), '') AS host) AS found
$$;

CREATE FUNCTION crm_reference(prefix text) RETURNS text LANGUAGE plpgsql AS $$
-- A sequence for each prefix and year, made when first asked for. A number is never given twice;
-- a rolled back transaction leaves a gap (only invoices must not, and they do not use this).
DECLARE
  yearly boolean := prefix <> 'K';
  year text := to_char(now() AT TIME ZONE 'Europe/Berlin', 'YYYY');
  name text := 'core_reference_' || lower(prefix) || CASE WHEN yearly THEN '_' || year ELSE '' END;
BEGIN
  IF to_regclass('public.' || name) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext(name));
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS public.%I START %s', name, CASE WHEN yearly THEN 1 ELSE 10001 END);
  END IF;
  IF yearly THEN
    RETURN prefix || '-' || year || '-' || lpad(nextval('public.' || name)::text, 6, '0');
  END IF;
  RETURN prefix || '-' || nextval('public.' || name)::text;
END
$$;
"""

DROP = """
DROP FUNCTION crm_reference(text);
DROP FUNCTION crm_domain(text, text);
DROP FUNCTION crm_company_key(text);
DROP FUNCTION crm_search(text[]);
DROP FUNCTION crm_fold(text);
"""

# pghistory's statement-level triggers call this to keep the context in a table of its own. Ours is copied into
# each event instead, so that the timeline needs no join and a write no second row: the call has nothing to do.
NO_CONTEXT_ROWS = """
CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("pghistory", "0007_auto_20250421_0444")]
    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        BtreeGinExtension(),
        migrations.RunSQL(FUNCTIONS, DROP),
        migrations.RunSQL(NO_CONTEXT_ROWS, migrations.RunSQL.noop),
    ]
