"""Who is who: companies and persons that follow from a number, so that a million of them need no memory."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from stdnum.at import uid
from stdnum.iso7064 import mod_11_10

from crm.demo import words

_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "é": "e", "&": "", ".": "", " ": "-"})
_MASK = (1 << 64) - 1
SIZES = ["1-9"] + ["10-49"] * 3 + ["50-249"] * 5 + ["250-999"] * 2 + ["1000+"]


def ascii_of(text: str) -> str:
    """As it stands in a mail address: Höfle → hoefle."""
    return text.lower().translate(_ASCII)


@dataclass(frozen=True, slots=True)
class Firm:
    name: str
    short: str
    legal_form: str
    industry: int
    street: str
    postal_code: str
    city: str
    country: str
    region: str
    domain: str
    phone: str
    vat_id: str
    size: str


@dataclass(frozen=True, slots=True)
class Human:
    salutation: str
    title: str
    first_name: str
    last_name: str
    function: str
    email: str
    phone: str
    mobile: str


def _vat_id(country: str, number: int) -> str:
    """A VAT id with a right check digit; only for the first million firms, and only within the EU."""
    if number >= 1_000_000 or country not in {"DE", "AT"}:
        return ""
    if country == "AT":
        digits = f"9{number:06d}"
        return f"ATU{digits}{uid.calc_check_digit(digits)}"
    digits = f"99{number:06d}"
    return f"DE{digits}{mod_11_10.calc_check_digit(digits)}"


class World:
    """Firms and humans by number; the same `seed` gives the same ones."""

    def __init__(self, seed: int):
        self.seed = seed
        known = {name for name, *_rest in words.KNOWN}
        pairs = [
            (surname, industry)
            for surname in words.SURNAMES
            for industry, (part, *_rest) in enumerate(words.INDUSTRIES)
            if f"{surname} {part}" not in known
        ]
        Random(seed).shuffle(pairs)
        self.pairs = pairs
        # The same firms come again and again.
        self._firm = lru_cache(maxsize=30_000)(self._make)

    def mix(self, number: int, salt: int) -> int:
        """A number that looks random and follows from `number` and `salt`."""
        x = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9 + self.seed * 0x94D049BB133111EB) & _MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        return x ^ (x >> 31)

    def firm(self, number: int) -> Firm:
        """The firm with this number, from 0; the first ones are those of words.KNOWN. Names differ."""
        return self._firm(number)

    def _make(self, number: int) -> Firm:
        h = self.mix(number, 1)
        if number < len(words.KNOWN):
            short, legal_form, industry, street, postal_code, city, domain = words.KNOWN[number]
            region = next(r for p, _c, r in words.TOWNS if p == postal_code)
            country = "DE"
        else:
            if h % 29 == 0:
                postal_code, city, country = words.ABROAD[h // 29 % len(words.ABROAD)]
                region = "s"
            else:
                postal_code, city, region = words.TOWNS[h // 29 % len(words.TOWNS)]
                country = "DE"
            short, industry, domain = self._name(number - len(words.KNOWN), city)
            legal_form = words.LEGAL_FORMS[h // 7919 % len(words.LEGAL_FORMS)]
            street = f"{words.STREETS[h // 104729 % len(words.STREETS)]} {1 + h // 1299709 % 96}"
        return Firm(
            name=f"{short} {legal_form}",
            short=short,
            legal_form=legal_form,
            industry=industry,
            street=street,
            postal_code=postal_code,
            city=city,
            country=country,
            region=region,
            domain=f"{domain}.example",
            phone=self._phone(number, region) if country == "DE" else "",
            vat_id=_vat_id(country, number),
            size=SIZES[h // 15485863 % len(SIZES)],
        )

    def _name(self, number: int, city: str) -> tuple[str, int, str]:
        """(name without legal form, index of the industry, domain without its end)"""
        if number < len(self.pairs):
            surname, industry = self.pairs[number]
            part, code, *_rest = words.INDUSTRIES[industry]
            return f"{surname} {part}", industry, f"{ascii_of(surname)}-{code}"
        # Two names, then two names and the town: half a million, and then many.
        number = (number - len(self.pairs)) * 7919
        count, industries = len(words.SURNAMES), len(words.INDUSTRIES)
        industry = number % industries
        one = number // industries % count
        two = (one + 1 + number // industries // count % (count - 1)) % count
        turn = number // (industries * count * (count - 1)) // 7919
        part, code, *_rest = words.INDUSTRIES[industry]
        name = f"{words.SURNAMES[one]} & {words.SURNAMES[two]} {part}"
        domain = f"{ascii_of(words.SURNAMES[one])}-{ascii_of(words.SURNAMES[two])}-{code}"
        if turn:
            return f"{name} {city}", industry, f"{domain}-{turn}"
        return name, industry, domain

    def _phone(self, number: int, region: str) -> str:
        """A switchboard: a reserved number, with digits of its own where thousands are not enough."""
        blocks = words.PHONES[region]
        block, line = blocks[number % len(blocks)], number // len(blocks)
        return f"{block}{line % 1000:03d}" + (f"{line // 1000 % 1000}" if line >= 1000 else "")

    def human(self, number: int, firm: Firm, extension: int) -> Human:
        """The person with this number, who works for `firm`."""
        h = self.mix(number, 2)
        female = h & 1
        names = words.FEMALE if female else words.MALE
        first_name = names[h // 2 % len(names)]
        last_name = words.SURNAMES[h // 131 % len(words.SURNAMES)]
        return self.named(number, firm, extension, first_name, last_name, "ms" if female else "mr")

    def named(self, number: int, firm: Firm, extension: int, first_name: str, last_name: str, salutation: str) -> Human:
        h = self.mix(number, 3)
        title, _space, first_name = (
            first_name.rpartition("Dr. ") if first_name.startswith("Dr. ") else ("", "", first_name)
        )
        return Human(
            salutation=salutation,
            title="Dr." if _space or h % 19 == 0 else title,
            first_name=first_name,
            last_name=last_name,
            function=words.FUNCTIONS[h // 19 % len(words.FUNCTIONS)],
            email=f"{ascii_of(first_name)[:1]}.{ascii_of(last_name)}@{firm.domain}",
            phone=f"{firm.phone}{extension}" if firm.phone and len(firm.phone) < 14 else firm.phone,
            mobile=f"{words.MOBILES[number % 2]}{h // 401 % 100:02d}" if h % 3 == 0 else "",
        )
