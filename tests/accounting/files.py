"""Bank statements for tests, as banks write them."""

import io

ACCOUNT = "DE89370400440532013000"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001"


def entry(
    amount="1190.00", *, sign="CRDT", name="Höfle Verpackungstechnik GmbH", purpose="RE-2026-00001", **more
) -> str:
    """One Ntry. `version` 8 writes parties and status as newer files do."""
    iban, ref = more.get("iban", "DE02120300000000202051"), more.get("ref", "2026112400001")
    side = "Dbtr" if sign == "CRDT" else "Cdtr"
    person = f"<Pty><Nm>{name}</Nm></Pty>" if more.get("version") == 8 else f"<Nm>{name}</Nm>"
    status = "<Sts><Cd>{}</Cd></Sts>" if more.get("version") == 8 else "<Sts>{}</Sts>"
    lines = "".join(f"<Ustrd>{text}</Ustrd>" for text in ([purpose] if isinstance(purpose, str) else purpose))
    return f"""<Ntry>
      <Amt Ccy="{more.get("currency", "EUR")}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>
      {status.format(more.get("status", "BOOK"))}
      <BookgDt><Dt>{more.get("day", "2026-11-20")}</Dt></BookgDt><ValDt><Dt>2026-11-20</Dt></ValDt>
      <AcctSvcrRef>{ref}</AcctSvcrRef>
      <NtryDtls>{
        more.get("details")
        or f'''<TxDtls>
        <Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
        <RltdPties><{side}>{person}</{side}><{side}Acct><Id><IBAN>{iban}</IBAN></Id></{side}Acct></RltdPties>
        <RmtInf>{lines}</RmtInf></TxDtls>'''
    }</NtryDtls>
      <AddtlNtryInf>SEPA-UEBERWEISUNG</AddtlNtryInf></Ntry>"""


def camt(*entries: str, version="02", account=ACCOUNT, root="BkToCstmrStmt", head="") -> io.BytesIO:
    """A file with one statement."""
    text = f"""<?xml version="1.0" encoding="UTF-8"?>{head}
    <Document xmlns="{NAMESPACE}.{version}"><{root}>
      <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-24T06:00:00+01:00</CreDtTm></GrpHdr>
      <Stmt><Id>S1</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>
      <Bal><Amt Ccy="EUR">1.00</Amt></Bal>{"".join(entries)}</Stmt></{root}></Document>"""
    return io.BytesIO(text.encode())


SPARKASSE = """"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Glaeubiger ID";\
"Mandatsreferenz";"Kundenreferenz (End-to-End)";"Sammlerreferenz";"Lastschrift Ursprungsbetrag";\
"Auslagenersatz Ruecklastschrift";"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";\
"Waehrung";"Info"
"DE89370400440532013000";"20.11.26";"20.11.26";"GUTSCHR. UEBERWEISUNG";"RE-2026-00001 vom 01.11.";"";"";"NOTPROVIDED";\
"";"";"";"Höfle Verpackungstechnik GmbH";"DE02120300000000202051";"BYLADEM1001";"1.190,00";"EUR";"Umsatz gebucht"
"DE89370400440532013000";"20.11.26";"20.11.26";"FOLGELASTSCHRIFT";"Strom";"";"";"";"";"";"";"Stadtwerke";\
"DE02500105170137075030";"INGDDEFF";"-99,90";"EUR";"Umsatz gebucht"
"DE89370400440532013000";"23.11.26";"";"GUTSCHR. UEBERWEISUNG";"noch nicht";"";"";"";"";"";"";"Jemand";\
"";"";"10,00";"EUR";"Umsatz vorgemerkt"
"""
VOLKSBANK = """Bezeichnung Auftragskonto;IBAN Auftragskonto;BIC Auftragskonto;Bankname Auftragskonto;Buchungstag;\
Valutadatum;Name Zahlungsbeteiligter;IBAN Zahlungsbeteiligter;BIC (SWIFT-Code) Zahlungsbeteiligter;Buchungstext;\
Verwendungszweck;Betrag;Waehrung;Saldo nach Buchung;Bemerkung;Kategorie
Firma;DE89370400440532013000;GENODES1;Volksbank;20.11.2026;20.11.2026;Höfle GmbH;DE02120300000000202051;BYLADEM1001;\
Gutschrift;SVWZ+RE-2026-00001;1190,00;EUR;5000,00;;
"""
DKB = """"Girokonto";"DE89370400440532013000"
""
"Kontostand vom 24.11.2026:";"5.000,00 €"
""
"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";"Umsatztyp";\
"IBAN";"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";"Kundenreferenz"
"20.11.26";"20.11.26";"Gebucht";"Höfle GmbH";"Wir";"RE-2026-00001";"Eingang";"DE02120300000000202051";\
"1.190,00";"";"";""
"19.11.26";"19.11.26";"Gebucht";"Wir";"Stadtwerke";"Strom";"Ausgang";"DE02500105170137075030";"-99,9";"";"";""
"""
DEUTSCHE = """Umsätze Girokonto;;;;;;;;;;;;;;;;;
Konto:;DE89 3704 0044 0532 0130 00;;;;;;;;;;;;;;;;
Buchungstag;Wert;Umsatzart;Begünstigter / Auftraggeber;Verwendungszweck;IBAN;BIC;Kundenreferenz;Mandatsreferenz;\
Gläubiger ID;Fremde Gebühren;Betrag;Abweichender Empfänger;Anzahl der Aufträge;Anzahl der Schecks;Soll;Haben;Währung
20.11.2026;20.11.2026;SEPA-Gutschrift;Höfle GmbH;RE-2026-00001;DE02120300000000202051;BYLADEM1001;;;;;;;;;;1.190,00;EUR
19.11.2026;19.11.2026;SEPA-Lastschrift;Stadtwerke;Strom;DE02500105170137075030;;;;;;;;;;-99,90;;EUR
Kontostand;24.11.2026;;;5.000,00;EUR;;;;;;;;;;;;
"""
ING = """Umsatzanzeige;Datei erstellt am: 24.11.2026 09:00

IBAN;DE89 3704 0044 0532 0130 00
Kontoname;Girokonto
Bank;ING

Sortierung;Datum absteigend

Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung
20.11.2026;20.11.2026;Höfle GmbH;Gutschrift;RE-2026-00001;5.000,00;EUR;1.190,00;EUR
"""
BANKS = {"Sparkasse": SPARKASSE, "Volksbank": VOLKSBANK, "DKB": DKB, "Deutsche Bank": DEUTSCHE, "ING": ING}
