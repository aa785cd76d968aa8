"""How people write a unit, and its code in UN/ECE Recommendation 20 and 21, which e-invoices speak."""

PIECE = "C62"  # "one": what may always be said

WORDS = {
    "C62": "stk stk. stück st st. pcs pc piece pieces x einheit einheiten unit units lizenz lizenzen license licenses",
    "HUR": "h std std. stunde stunden hour hours hr hrs",
    "MIN": "min min. minute minuten minutes",
    "DAY": "d tag tage tagessatz day days pt personentag personentage",
    "WEE": "woche wochen week weeks",
    "MON": "monat monate mon month months",
    "ANN": "jahr jahre year years",
    "KGM": "kg kilogramm kilogram",
    "GRM": "g gramm gram",
    "TNE": "t tonne tonnen tonnes",
    "LTR": "l ltr liter litre litres",
    "MTR": "m lfm lfdm meter metre metres",
    "CMT": "cm",
    "MMT": "mm",
    "KMT": "km kilometer kilometre",
    "MTK": "m² m2 qm quadratmeter",
    "MTQ": "m³ m3 cbm kubikmeter",
    "KWH": "kwh",
    "PR": "paar pair pairs",
    "SET": "set sets satz sätze",
    "LS": "pausch pausch. pauschal pauschale psch psch. lump flat",
    "XCT": "karton kartons carton cartons",
    "XPX": "palette paletten pallet pallets",
    "XPK": "paket pakete pack packung packungen ve package packages",
    "XRO": "rolle rollen roll rolls",
}
CODES = {word: code for code, words in WORDS.items() for word in words.split()}


def code_of(unit: str) -> str | None:
    """The code of a unit as somebody typed it ("Std.", "m²"); no unit is a piece; None for an unknown word."""
    word = unit.strip().lower()
    return CODES.get(word) if word else PIECE
