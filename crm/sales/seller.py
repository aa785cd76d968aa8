"""Who we are on a paper: as it was when the paper left the house, else as we are now."""

from dataclasses import dataclass, fields

from crm.setup.models import Organisation


@dataclass(frozen=True, kw_only=True)
class Seller:
    """The texts that papers and e-invoices need of us; each may be empty."""

    name: str = ""
    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "DE"
    phone: str = ""
    email: str = ""
    website: str = ""
    vat_id: str = ""
    tax_number: str = ""
    register_court: str = ""
    register_number: str = ""
    managing_directors: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""

    @property
    def full_name(self) -> str:
        """As it stands in the register."""
        return self.legal_name or self.name

    @classmethod
    def of(cls, document) -> "Seller":
        """As kept with an issued invoice (its `seller`), else from Settings › Own company."""
        kept = getattr(document, "seller", None)
        if kept:
            return cls(**{field.name: str(kept[field.name] or "") for field in fields(cls) if field.name in kept})
        return cls.now()

    @classmethod
    def now(cls) -> "Seller":
        organisation = Organisation.objects.first()
        if organisation is None:
            return cls()
        return cls(**{field.name: str(getattr(organisation, field.name) or "") for field in fields(cls)})
