"""Numbers of invoices, and a payment's currency: what models cannot say.

sales_next_number(kind, day)   the next number of that kind of paper in the day's year; locks its counter
"""

from django.db import migrations

NEXT_NUMBER = """
CREATE FUNCTION sales_next_number(paper text, day date) RETURNS text LANGUAGE plpgsql AS $$
-- The row of the counter stays locked until the transaction ends: numbers come without gaps and without doubles.
DECLARE
  the_range sales_numberrange;
  given bigint;
BEGIN
  SELECT * INTO STRICT the_range FROM sales_numberrange WHERE kind = paper;
  INSERT INTO sales_numbercounter AS counter (range_id, year, last)
  VALUES (the_range.id, CASE WHEN the_range.restarts_yearly THEN extract(year FROM day) ELSE 0 END, 1)
  ON CONFLICT (range_id, year) DO UPDATE SET last = counter.last + 1
  RETURNING last INTO given;
  RETURN replace(
    replace(the_range.pattern, '{year}', to_char(day, 'YYYY')),
    '{number}', lpad(given::text, greatest(the_range.digits, length(given::text)), '0'));
END
$$;
"""

# No payment can be in another currency than its invoice.
CURRENCY = """
ALTER TABLE sales_payment ADD CONSTRAINT sales_payment_currency
  FOREIGN KEY (invoice_id, currency) REFERENCES sales_invoice (id, currency) DEFERRABLE;
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]
    operations = [
        migrations.RunSQL(NEXT_NUMBER, "DROP FUNCTION sales_next_number(text, date);"),
        migrations.RunSQL(CURRENCY, "ALTER TABLE sales_payment DROP CONSTRAINT sales_payment_currency;"),
    ]
