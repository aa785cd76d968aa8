"""SQL functions of the duplicate check: the records whose folded name is like a key, the most alike first.

Two conditions, both answered by the trigram index, keep it fast where names have a frequent word in common:
how many trigrams must be the same grows with the length of the key (a slip of the keyboard costs four of six or of
thirty), and the word that tells (the first of a company, the last of a person) must be somewhere in the name.
Without them, every "… Maschinenbau" would be fetched for "Müller Maschinenbau". Of many of one name, those at the same
place (`code`: postal code, `place`: folded city) come first.
"""

from django.db import migrations

ALIKE = """
CREATE FUNCTION {function}(key text, code text, place text, most int) RETURNS TABLE (id bigint) LANGUAGE plpgsql AS $$
DECLARE
  trigrams int := cardinality(show_trgm(key));
  word text := (regexp_match(key, '{word}'))[1];
BEGIN
  IF trigrams < 4 THEN
    RETURN;
  END IF;
  PERFORM set_config('pg_trgm.similarity_threshold',
    greatest(0.35, least(0.7, (trigrams - 5.0) / (trigrams + 6)))::text, true);
  PERFORM set_config('pg_trgm.word_similarity_threshold', '0.4', true);
  IF length(word) > 3 AND word <> key THEN
    RETURN QUERY SELECT t.id FROM {table} t WHERE t.match_key % key AND t.match_key %> word
      ORDER BY similarity(t.match_key, key) + CASE WHEN t.postal_code = nullif(code, '')
        OR public.crm_fold(t.city) = nullif(place, '') THEN 0.2 ELSE 0 END DESC, t.id LIMIT most;
  ELSE
    RETURN QUERY SELECT t.id FROM {table} t WHERE t.match_key % key
      ORDER BY similarity(t.match_key, key) + CASE WHEN t.postal_code = nullif(code, '')
        OR public.crm_fold(t.city) = nullif(place, '') THEN 0.2 ELSE 0 END DESC, t.id LIMIT most;
  END IF;
END
$$;
"""
FUNCTIONS = [("contacts_companies_like", "contacts_company", "^(\\S+)"), ("contacts_persons_like", "contacts_person", "(\\S+)$")]


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_list")]
    operations = [
        migrations.RunSQL(ALIKE.format(function=function, table=table, word=word), f"DROP FUNCTION {function}(text, text, text, int)")
        for function, table, word in FUNCTIONS
    ]
