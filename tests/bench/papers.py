"""What letters cost."""

import statistics
import time

from tests.bench.rows import row

RUNS = 5
LINES = 32


@row(name="PDF of a three-page invoice with its e-invoice", unit="s CPU", at_most=1)
def three_page_invoice() -> float:
    """The median of some, once style sheet and fonts are read, as in a worker that has drawn before."""
    import io

    from pypdf import PdfReader

    from crm.accounts.models import Role, User
    from crm.sales import keeping
    from tests.sales.factories import issued_invoice

    by = User.objects.create(email="bench@example.com", name="Bench", role=Role.objects.get(name="admin"), password="!")
    lines = [{"text": f"Posten {n}\nmit einem Text darunter", "unit_price": 10} for n in range(1, LINES + 1)]
    invoice = issued_invoice(by, lines=lines)

    def cost() -> float:
        started = time.process_time()
        made = keeping.make(invoice)
        took = time.process_time() - started
        pages = len(PdfReader(io.BytesIO(made["pdf"][1])).pages)
        if pages != 3:
            raise ValueError(f"The invoice has {pages} pages.")
        return took

    cost()
    return statistics.median(cost() for _run in range(RUNS))
