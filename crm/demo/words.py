"""The words of the demo company's world: a maker of drives and gears, and those who buy from it.

Phone numbers are from the ranges that the Bundesnetzagentur keeps for films and books; web domains end in .example;
VAT IDs begin with a number that is not given out. Postal codes are those of the towns.
"""

COMPANY = "Rotenfels Antriebstechnik GmbH"

# (postal code, town, region): the region decides which sales team looks after it, and which phone range is near.
TOWNS = [
    ("26121", "Oldenburg", "n"), ("28195", "Bremen", "n"), ("20095", "Hamburg", "n"), ("30159", "Hannover", "n"),
    ("38100", "Braunschweig", "n"), ("33602", "Bielefeld", "n"), ("44135", "Dortmund", "n"), ("45127", "Essen", "n"),
    ("40210", "Düsseldorf", "n"), ("50667", "Köln", "n"), ("53111", "Bonn", "n"), ("52062", "Aachen", "n"),
    ("41061", "Mönchengladbach", "n"), ("42103", "Wuppertal", "n"), ("58095", "Hagen", "n"), ("59065", "Hamm", "n"),
    ("48143", "Münster", "n"), ("49074", "Osnabrück", "n"), ("23552", "Lübeck", "n"), ("24103", "Kiel", "n"),
    ("24937", "Flensburg", "n"), ("25524", "Itzehoe", "n"), ("26382", "Wilhelmshaven", "n"), ("26721", "Emden", "n"),
    ("26441", "Jever", "n"), ("27568", "Bremerhaven", "n"), ("21335", "Lüneburg", "n"), ("29221", "Celle", "n"),
    ("31134", "Hildesheim", "n"), ("37073", "Göttingen", "n"), ("38440", "Wolfsburg", "n"), ("32423", "Minden", "n"),
    ("32756", "Detmold", "n"), ("33098", "Paderborn", "n"), ("33330", "Gütersloh", "n"), ("57072", "Siegen", "n"),
    ("47051", "Duisburg", "n"), ("47798", "Krefeld", "n"), ("44787", "Bochum", "n"), ("51373", "Leverkusen", "n"),
    ("42651", "Solingen", "n"), ("42853", "Remscheid", "n"), ("58636", "Iserlohn", "n"), ("58507", "Lüdenscheid", "n"),
    ("59555", "Lippstadt", "n"), ("59494", "Soest", "n"), ("48529", "Nordhorn", "n"), ("26603", "Aurich", "n"),
    ("27749", "Delmenhorst", "n"), ("31785", "Hameln", "n"), ("38640", "Goslar", "n"), ("10115", "Berlin", "n"),
    ("14467", "Potsdam", "n"), ("18055", "Rostock", "n"), ("19053", "Schwerin", "n"), ("39104", "Magdeburg", "n"),
    ("03046", "Cottbus", "n"), ("60311", "Frankfurt am Main", "s"), ("64283", "Darmstadt", "s"),
    ("65183", "Wiesbaden", "s"), ("55116", "Mainz", "s"), ("34117", "Kassel", "s"), ("35037", "Marburg", "s"),
    ("36037", "Fulda", "s"), ("63450", "Hanau", "s"), ("68159", "Mannheim", "s"), ("69115", "Heidelberg", "s"),
    ("76131", "Karlsruhe", "s"), ("75172", "Pforzheim", "s"), ("70173", "Stuttgart", "s"), ("74072", "Heilbronn", "s"),
    ("73728", "Esslingen am Neckar", "s"), ("72070", "Tübingen", "s"), ("72764", "Reutlingen", "s"),
    ("89073", "Ulm", "s"), ("88045", "Friedrichshafen", "s"), ("78462", "Konstanz", "s"),
    ("79098", "Freiburg im Breisgau", "s"), ("77652", "Offenburg", "s"), ("78050", "Villingen-Schwenningen", "s"),
    ("73430", "Aalen", "s"), ("73525", "Schwäbisch Gmünd", "s"), ("71634", "Ludwigsburg", "s"),
    ("71032", "Böblingen", "s"), ("71332", "Waiblingen", "s"), ("71364", "Winnenden", "s"), ("71522", "Backnang", "s"),
    ("80331", "München", "s"), ("86150", "Augsburg", "s"), ("85049", "Ingolstadt", "s"), ("90402", "Nürnberg", "s"),
    ("90762", "Fürth", "s"), ("91052", "Erlangen", "s"), ("93047", "Regensburg", "s"), ("94032", "Passau", "s"),
    ("97070", "Würzburg", "s"), ("97421", "Schweinfurt", "s"), ("96047", "Bamberg", "s"), ("95444", "Bayreuth", "s"),
    ("84028", "Landshut", "s"), ("87435", "Kempten (Allgäu)", "s"), ("83022", "Rosenheim", "s"),
    ("87700", "Memmingen", "s"), ("63739", "Aschaffenburg", "s"), ("01067", "Dresden", "s"), ("04109", "Leipzig", "s"),
    ("09111", "Chemnitz", "s"), ("08056", "Zwickau", "s"), ("99084", "Erfurt", "s"), ("07743", "Jena", "s"),
    ("07545", "Gera", "s"), ("06108", "Halle (Saale)", "s"), ("56068", "Koblenz", "s"), ("54290", "Trier", "s"),
    ("67655", "Kaiserslautern", "s"), ("66111", "Saarbrücken", "s"), ("35390", "Gießen", "s"), ("35576", "Wetzlar", "s"),
]  # fmt: skip
# A few neighbours: (postal code, town, country).
ABROAD = [
    ("4020", "Linz", "AT"), ("8010", "Graz", "AT"), ("5020", "Salzburg", "AT"), ("1010", "Wien", "AT"),
    ("8001", "Zürich", "CH"), ("4051", "Basel", "CH"), ("3011", "Bern", "CH"), ("9000", "St. Gallen", "CH"),
]  # fmt: skip
STREETS = [
    "Industriestraße", "Gewerbering", "Siemensstraße", "Daimlerstraße", "Robert-Bosch-Straße", "Bahnhofstraße",
    "Carl-Benz-Straße", "Rudolf-Diesel-Straße", "Max-Planck-Straße", "Am Güterbahnhof", "Mühlenweg", "Werkstraße",
    "Ottostraße", "Lise-Meitner-Straße", "Zeppelinstraße", "Dieselstraße", "Fabrikstraße", "Im Gewerbepark",
    "Hauptstraße", "Benzstraße", "Röntgenstraße", "Maybachstraße", "Lindenstraße", "Ziegeleiweg", "Borsigstraße",
    "Heinrich-Hertz-Straße", "Wilhelm-Maybach-Straße", "Steinbruchweg", "Schillerstraße", "An der Schleuse",
]  # fmt: skip
# Reserved landline blocks of a thousand numbers, by region; a switchboard adds up to three digits.
PHONES = {"n": ["+494066969", "+493023125", "+492214710"], "s": ["+498999998", "+496990009"]}
MOBILES = ["+4917139200", "+49176040690"]

# (part of the name, short form for the domain, industry code WZ 2008, what they build with our drives)
INDUSTRIES = [
    ("Verpackungstechnik", "vt", "28.29", ["Servoachsen Kartonierer", "Siegelkopf-Antriebe", "Folienvorschub", "Servoachsen Kartonierlinie", "Umreifer-Getriebe", "Palettierer Z-Achse"]),
    ("Werkzeugmaschinen", "wzm", "28.41", ["Spindelhubgetriebe", "Rundtisch NC", "Ersatzspindeln", "Werkzeugwechsler-Antrieb", "Vorschubachsen Fräszentrum", "Späneförderer-Getriebe"]),
    ("Landmaschinen", "agrar", "28.30", ["Antriebsstrang Häcksler", "Getriebe Ballenpresse", "Zapfwellengetriebe", "Rübenroder Siebband", "Dosierantrieb Sämaschine"]),
    ("Fördertechnik", "ft", "28.22", ["Antrieb Querförderer", "Umlenkstationen", "Trommelmotoren Linie 3", "Hubtisch 2,5 t", "Kettenförderer Antriebssatz", "Rollenbahn-Antriebe"]),
    ("Druckmaschinen", "druck", "28.99", ["Farbwerk-Antriebe", "Registerverstellung", "Einzelantriebe Bogenoffset", "Falzwerk-Getriebe", "Kühlwalzen-Antrieb"]),
    ("Textilmaschinen", "textil", "28.94", ["Getriebe Wickelkopf", "Kettbaum-Antrieb", "Warenabzug", "Spulmaschine Einzelspindel", "Streckwerk-Antriebe"]),
    ("Robotik", "robotik", "28.99", ["Servopaket 7. Achse", "Greiferachsen", "Hohlwellengetriebe Handgelenk", "Verfahrachse 12 m", "Cobot-Gelenkmodul"]),
    ("Automation", "automation", "33.20", ["Linearachsen Prüfstand", "Zuführmodul", "Portalachse Be- und Entladen", "Schwenkeinheit", "Rundtaktanlage Antrieb"]),
    ("Medizintechnik", "med", "32.50", ["Reinraumachse", "OP-Tisch Hubantrieb", "Linearachse Analysegerät", "Patientenliege Verstellung", "Dosierpumpen-Getriebe"]),
    ("Abfülltechnik", "fuell", "28.93", ["Sternrad-Getriebe", "Karussell-Antrieb", "Verschließer Servopaket", "Flaschentransport", "Füllventil-Antriebe"]),
    ("Sondermaschinenbau", "smb", "28.99", ["Portalachse", "Presskraft-Spindelantrieb", "Antriebspaket Montagezelle", "Exzenterantrieb", "Wendestation"]),
    ("Krantechnik", "kran", "28.22", ["Zahnstangen Modul 4", "Katzfahrwerk", "Hubwerksgetriebe 5 t", "Kranfahrwerk Retrofit", "Drehwerk-Antrieb"]),
    ("Glasmaschinen", "glas", "28.99", ["Kühlband-Antriebe", "Schneidbrücke Servo", "Rollenofen Antrieb", "Kantenschleifer Spindel"]),
    ("Recyclingtechnik", "recycling", "38.32", ["Antriebe Sortierband", "Zerkleinerer-Getriebe", "Ballenpresse Hydroersatz", "Siebtrommel-Antrieb"]),
    ("Holzbearbeitung", "holz", "28.49", ["Servoregler Nachrüstung", "Sägeschlitten-Antrieb", "Kantenanleimer Vorschub", "Hubsäulen Montage"]),
    ("Lebensmitteltechnik", "food", "28.93", ["Edelstahl-Getriebemotoren", "Teigteiler-Antrieb", "Rührwerk hygienisch", "Schneckengetriebe", "Backstraße Bandantriebe"]),
    ("Windkraft Service", "wind", "33.12", ["Planetengetriebe PG-80", "Azimutantrieb Tausch", "Pitchgetriebe Satz", "Getriebeüberholung E-70"]),
    ("Bühnentechnik", "buehne", "28.22", ["Antrieb Hubtisch 2,5 t", "Prospektzug-Winden", "Drehbühne Antrieb", "Kettenzüge leise"]),
    ("Solartechnik", "solar", "27.11", ["Drehantrieb Solarnachführung", "Stellantriebe Tracker", "Schwenkgetriebe Satz"]),
    ("Feinwerktechnik", "fwt", "26.51", ["Rundtische", "Spindelsatz Nachbau", "Mikroachse", "Piezo-Zustellung Ersatz", "Kreuztisch 400 mm"]),
    ("Umformtechnik", "umform", "28.41", ["Exzenterpresse Bremse-Kupplung", "Richtmaschine Antriebe", "Bandvorschub", "Servopresse 250 kN"]),
    ("Pumpenbau", "pumpen", "28.13", ["Stirnradgetriebe Satz", "Exzenterschneckenpumpe Antrieb", "Kupplungen Baureihe K", "Dosierantrieb"]),
    ("Anlagenbau", "anlagen", "28.99", ["Rührwerksantriebe", "Drehrohrofen Hilfsantrieb", "Schieberantriebe", "Getriebemotoren Los 2"]),
    ("Aufzugsbau", "aufzug", "28.22", ["Türantriebe", "Schneckengetriebe Ersatz", "Treibscheibe Umbau", "Geschwindigkeitsbegrenzer"]),
]  # fmt: skip
TITLE_ADDITIONS = [
    "", "", "", "", " {year}", " Baureihe 2", ", Los 3", ", 8 Stück", ", 24 Stück", " Retrofit", " Prototyp", " Linie 2",
    " Nachrüstung", " Serie {year}", ", Ersatz", " Rahmenvertrag", " KL-{n}", " P-{n}", ", {n} Stück", " Werk 2",
]  # fmt: skip
SPARES = [
    "Ersatzteilpaket Getriebe", "Dichtungssatz und Lager", "Austauschgetriebe", "Ersatzspindeln {year}",
    "Überholung Servomotoren", "Verschleißteile Jahresbedarf", "Ersatzmotor mit Bremse", "Zahnriemen und Scheiben",
    "Encoder-Tausch", "Wartungspaket Achsen",
]  # fmt: skip
LEGAL_FORMS = ["GmbH"] * 11 + ["GmbH & Co. KG"] * 5 + ["AG"] * 2 + ["KG", "e.K.", "OHG"]

FEMALE = [
    "Anna", "Birgit", "Christine", "Daniela", "Elena", "Franziska", "Gabriele", "Heike", "Ines", "Jana", "Katharina",
    "Laura", "Martina", "Nadine", "Olivia", "Petra", "Ramona", "Sabine", "Tanja", "Ulrike", "Vanessa", "Yvonne",
    "Silke", "Monika", "Susanne", "Andrea", "Julia", "Melanie", "Nicole", "Claudia", "Ayşe", "Magdalena", "Kerstin",
]  # fmt: skip
MALE = [
    "Alexander", "Bernd", "Christian", "Dirk", "Erik", "Florian", "Georg", "Holger", "Ingo", "Jens", "Karsten", "Lars",
    "Martin", "Norbert", "Oliver", "Peter", "Ralf", "Stefan", "Thomas", "Uwe", "Volker", "Wolfgang", "Matthias",
    "Andreas", "Michael", "Frank", "Jürgen", "Markus", "Sven", "Tobias", "Mehmet", "Piotr", "Jörg", "Günther",
]  # fmt: skip
SURNAMES = [
    "Ahrens", "Albrecht", "Arnold", "Bachmann", "Bauer", "Becker", "Behrens", "Berger", "Böhm", "Brandt", "Brinkmann",
    "Busch", "Carstens", "Clausen", "Dietrich", "Dornach", "Ebert", "Eckert", "Engel", "Ernst", "Fiedler", "Fischer",
    "Frank", "Friedrich", "Fuchs", "Gerlach", "Graf", "Grebenstein", "Gruber", "Günther", "Haas", "Hahn", "Hansen",
    "Harms", "Hartmann", "Heinrich", "Heller", "Herrmann", "Hoffmann", "Höfer", "Horn", "Huber", "Jacobs", "Jäger",
    "Jansen", "Jung", "Kaiser", "Keller", "Kern", "Kirchner", "Klein", "Koch", "Köhler", "König", "Körner", "Kraft",
    "Kramer", "Kraus", "Kröger", "Krüger", "Kuhn", "Lange", "Lehmann", "Lindner", "Lorenz", "Ludwig", "Maier",
    "Martens", "Mayer", "Menzel", "Meyer", "Möller", "Müller", "Nagel", "Neumann", "Oestrich", "Ottens", "Otto",
    "Paulsen", "Peters", "Pfeiffer", "Pohl", "Rademacher", "Reinders", "Richter", "Riedel", "Ritter", "Roth", "Sander",
    "Sauer", "Schäfer", "Scherer", "Schmitz", "Schneider", "Scholz", "Schröder", "Schubert", "Schuster", "Schwarz",
    "Seidel", "Simon", "Sommer", "Stein", "Steiner", "Tauber", "Thalmann", "Thiel", "Ulrich", "Vogel", "Voigt",
    "Wagner", "Walter", "Weber", "Weidner", "Weiß", "Werner", "Wilken", "Winkler", "Winter", "Wirth", "Wolff",
    "Yildiz", "Zander", "Ziegler", "Zimmermann", "Grüneberg", "Lüttich", "Schürmann", "Bergkamp", "Brockhaus",
    "Feddersen", "Hinrichs", "Osterloh", "Petersen", "Rosenthal", "Steinhoff", "Terhorst", "Uhlmann", "Wessels",
]  # fmt: skip
FUNCTIONS = [
    "Leitung Einkauf", "Technische Leitung", "Geschäftsführung", "Konstruktion", "Instandhaltung",
    "Produktionsleitung", "Projektleitung", "Strategischer Einkauf", "Entwicklung", "Werkleitung", "Arbeitsvorbereitung",
]  # fmt: skip

# The companies of the screens: name, legal form, index into INDUSTRIES, street, postal code, town, domain.
KNOWN = [
    ("Höfle Verpackungstechnik", "GmbH & Co. KG", 0, "Industriestraße 14", "71522", "Backnang", "hoefle-vt"),
    ("Weidner Werkzeugmaschinen", "GmbH", 1, "Daimlerstraße 8", "73728", "Esslingen am Neckar", "weidner-wzm"),
    ("Elbtal Druckmaschinen", "AG", 4, "An der Schleuse 3", "01067", "Dresden", "elbtal-druck"),
    ("Nordhafen Fördertechnik", "GmbH", 3, "Am Güterbahnhof 21", "26721", "Emden", "nordhafen-ft"),
    ("Isarwerk Automation", "GmbH", 7, "Lise-Meitner-Straße 5", "80331", "München", "isarwerk"),
    ("Paulsen Landmaschinen", "GmbH", 2, "Mühlenweg 40", "25524", "Itzehoe", "paulsen-land"),
    ("Schürmann Textilmaschinen", "GmbH", 5, "Fabrikstraße 12", "41061", "Mönchengladbach", "schuermann-textil"),
    ("Kröger Robotik", "GmbH", 6, "Max-Planck-Straße 17", "33098", "Paderborn", "kroeger-robotik"),
    ("Hansen Abfülltechnik", "GmbH", 9, "Werkstraße 9", "24937", "Flensburg", "hansen-fuell"),
    ("Tauber Sondermaschinen", "GmbH", 10, "Gewerbering 6", "97070", "Würzburg", "tauber-smb"),
    ("Grebenstein Glasmaschinen", "GmbH & Co. KG", 12, "Ziegeleiweg 2", "34117", "Kassel", "grebenstein-glas"),
    ("Recyclinghof Technik Süd", "GmbH", 13, "Im Gewerbepark 31", "86150", "Augsburg", "rts-recycling"),
    ("Feinwerk Ulrich", "GmbH", 19, "Zeppelinstraße 11", "88045", "Friedrichshafen", "feinwerk-ulrich"),
    ("Mühlenbau Oestrich", "KG", 15, "Mühlenweg 1", "65183", "Wiesbaden", "muehlenbau-oestrich"),
    ("Bühnenbau Reinders", "GmbH", 17, "Hauptstraße 77", "48529", "Nordhorn", "reinders-buehne"),
    ("Zuckerwerk Leine", "AG", 15, "Fabrikstraße 4", "31134", "Hildesheim", "zuckerwerk-leine"),
    ("Möbelwerke Sander", "GmbH", 14, "Lindenstraße 52", "32756", "Detmold", "sander-moebel"),
    ("Dornach Medizintechnik", "GmbH", 8, "Röntgenstraße 3", "78050", "Villingen-Schwenningen", "dornach-med"),
    ("Krantechnik Ottens", "GmbH", 11, "Borsigstraße 19", "47051", "Duisburg", "ottens-kran"),
    ("Sägewerk Thalmann", "e.K.", 14, "Steinbruchweg 1", "77652", "Offenburg", "thalmann-holz"),
]  # fmt: skip

# What waits in the inbox: title, company as the sender wrote it, index into KNOWN if it is there already, first name,
# last name, source, kind, priority, status (0 Neu … 3 Erledigt), owner's key or "", budget, days ago, message.
WAITING = [
    ("Servoachsen für Kartonierer", "Hoefle Verpackungstechnik", 0, "Martin", "Seidel", "Webformular", "mql", "Hoch", 1, "rep", 45000, 0, "Guten Tag, für einen neuen Kartonierer (Baureihe KL-9) suchen wir acht Servoachsen mit 1.200 mm Hub, wiederholgenau ±0,02 mm. Liefertermin Ende März. Bitte rufen Sie mich zur technischen Klärung an. Viele Grüße, Martin Seidel"),
    ("Planetengetriebe PG-80, 24 Stück", "Windkraft Service Jever", None, "Onno", "Harms", "E-Mail", "sql", "Hoch", 0, "", 38400, 0, "Moin, wir brauchen 24 PG-80 mit Flansch nach Zeichnung im Anhang. Was ist die kürzeste Lieferzeit?"),
    ("Ersatz Spindelhubgetriebe", "Bäckerei-Anlagen Wirth", None, "Ulrike", "Wirth", "Webformular", "mql", "Mittel", 0, "rep", 6200, 0, "An unserem Gärschrank-Lift ist ein Spindelhubgetriebe Ihrer Baureihe SH-25 ausgefallen. Haben Sie Ersatz am Lager?"),
    ("Angebot Zahnstangen Modul 4", "Krantechnik Ottens GmbH", 18, "Jens", "Ottens", "Lead Agentur", "mql", "Mittel", 0, "", 12800, 0, "Bitte um Angebot über 36 m Zahnstange Modul 4, schräg verzahnt, gehärtet und geschliffen."),
    ("Katalog und Preisliste", "Laserzuschnitt Emden", None, "Frauke", "Janssen", "Webformular", "cold", "Niedrig", 1, "rep", None, 1, "Bitte senden Sie mir Ihren aktuellen Katalog mit Preisliste."),
    ("Antrieb Hubtisch 2,5 t", "Bühnenbau Reinders", 14, "Henk", "Reinders", "Kaltakquise", "sql", "Mittel", 2, "keller", 17500, 3, "Hubtisch für die Hinterbühne, 2,5 t, 3 m Hub, leise unter 50 dB(A)."),
    ("Rundtisch 400 mm, 8 Stück", "Feinwerk Ulrich GmbH", 12, "Dr. Helene", "Ulrich", "csv Datei", "sql", "Hoch", 1, "rep", 27400, 3, "Rundtische 400 mm mit direktem Messsystem, acht Stück, Abruf über zwei Jahre."),
    ("Servoregler Nachrüstung", "Saegewerk Thalmann", 19, "Xaver", "Thalmann", "Facebook", "mql", "Niedrig", 2, "schulte", 9800, 4, "Unsere Blockbandsäge läuft noch mit alten Gleichstromreglern. Geht das auch moderner?"),
    ("Linearachse Reinraum", "Dornach Medizintechnik GmbH", 17, "Nadine", "Dornach", "E-Mail", "sql", "Hoch", 2, "rep", 31000, 4, "Linearachse für Reinraum ISO 5, 600 mm Hub, abgedeckt, mit Absaugung."),
    ("Drehantrieb Solarnachführung", "Helio Feldbau", None, "Sören", "Clausen", "Webformular", "cold", "Mittel", 0, "", 52000, 4, "Für einen Solarpark mit 420 Trackern suchen wir Drehantriebe, selbsthemmend, IP65."),
    ("Anfrage Sondergetriebe", "Mühlenbau Östrich", 13, "Philipp", "Kern", "Webformular", "mql", "Mittel", 1, "rep2", 21400, 5, "Schneckengetriebe für Walzenstuhl, i = 40, Edelstahlausführung. Zeichnung liegt bei."),
    ("Wartungsvertrag Achsen", "Isarwerk Automation GmbH", 4, "Thomas", "Lechner", "E-Mail", "opportunity", "Mittel", 3, "rep", 14600, 5, "Wir möchten die 46 Achsen am Prüfstand in einen Wartungsvertrag geben."),
    ("Messekontakt Hubsäulen", "Moebelwerke Sander", 16, "Carina", "Sander", "csv Datei", "mql", "Mittel", 2, "keller", 19900, 6, "Gespräch auf der Messe: Hubsäulen für höhenverstellbare Montagetische, 120 Stück im Jahr."),
    ("Kettenförderer Antriebssatz", "Zuckerwerk Leine", 15, "Bernd", "Hinrichs", "Lead Agentur", "sql", "Hoch", 0, "", 52300, 6, "Sechs Antriebssätze für Kettenförderer, Stillstand nur im Mai möglich."),
    ("Getriebemotoren für Rührwerke", "Molkerei Anlagen Voigt", None, "Katja", "Voigt", "Webformular", "mql", "Mittel", 1, "lindner", 11200, 6, "Wir erneuern sechs Rührwerke und brauchen Edelstahl-Getriebemotoren 2,2 kW."),
    ("Rückruf gewünscht: Portalachse", "Tauber Sondermaschinen", 9, "Georg", "Tauber", "Telefon", "sql", "Hoch", 1, "rep2", 61500, 7, "Herr Tauber bittet um Rückruf wegen der Portalachse P-14, möglichst vormittags."),
    ("Verstellgetriebe Gewächshaus", "Gartenbau Technik Wessels", None, "Gerrit", "Wessels", "Facebook", "cold", "Niedrig", 0, "", 4300, 7, "Was kosten bei Ihnen Verstellgetriebe für Lüftungsklappen, etwa 60 Stück?"),
    ("Prototyp Gelenkmodul", "Kroeger Robotik GmbH", 7, "Jana", "Kröger", "Empfehlung", "sql", "Hoch", 2, "keller", 36900, 8, "Wir entwickeln einen neuen Greifarm und möchten zwei Gelenkmodule als Prototyp testen."),
    ("Ersatz für Kegelradgetriebe", "Papierfabrik Auwald", None, "Roland", "Fuchs", "E-Mail", "mql", "Mittel", 0, "", 15800, 8, "Kegelradgetriebe an der Rollenschneidmaschine verschlissen, Typenschild siehe Foto."),
    ("Hebetisch-Antriebe Nachbestellung", "Nordhafen Fördertechnik GmbH", 3, "Wiebke", "Feddersen", "E-Mail", "opportunity", "Mittel", 2, "lindner", 23600, 9, "Wie letztes Jahr, bitte 14 Stück, Lieferung in zwei Teilen."),
    ("Kaltanruf: Spindelpresse", "Presswerk Steinhoff", None, "Dirk", "Steinhoff", "Kaltakquise", "cold", "Niedrig", 1, "schulte", None, 9, "Interesse grundsätzlich da, Budget erst im neuen Jahr."),
    ("Preisanfrage Zahnriemenachsen", "Elektronikfertigung Brockhaus", None, "Sabrina", "Brockhaus", "Webformular", "mql", "Mittel", 0, "", 8700, 10, "Zehn Zahnriemenachsen 800 mm Hub, 2 m/s. Bitte Preis und Lieferzeit."),
    ("Ausschreibung Förderstrecke", "Paulsen Landmaschinen", 5, "Hauke", "Paulsen", "Lead Agentur", "sql", "Hoch", 1, "keller", 124800, 10, "Ausschreibung für die neue Montagelinie: Antriebe für 22 Förderabschnitte."),
    ("Beratung Energieeffizienz", "Druckhaus Lorenz", None, "Felix", "Lorenz", "Webformular", "cold", "Niedrig", 2, "rep2", None, 11, "Wir möchten unsere alten Antriebe durch sparsamere ersetzen. Wer berät uns?"),
    ("Azimutgetriebe Tausch", "Windpark Küste Service", None, "Ebba", "Petersen", "E-Mail", "sql", "Hoch", 0, "", 88000, 12, "Vier Azimutgetriebe müssen vor der Herbstsaison getauscht werden."),
    ("Mikroachse für Prüfgerät", "Optik Manufaktur Jena", None, "Tilo", "Grüneberg", "Webformular", "mql", "Mittel", 1, "schulte", 7400, 13, "Mikroachse, Auflösung 0,1 µm, Hub 25 mm, für ein Prüfgerät in kleiner Serie."),
    ("Ersatzteile Siebtrommel", "Recyclinghof Technik Süd GmbH", 11, "Ahmet", "Demir", "E-Mail", "mql", "Mittel", 0, "", 5600, 14, "Lager, Dichtungen und ein Stirnrad für die Siebtrommel, bitte kurzfristig."),
]  # fmt: skip

MESSAGES = [
    "Guten Tag, wir planen {thing} und bitten um ein Angebot mit Lieferzeit.",
    "Bitte rufen Sie uns wegen {thing} zurück. Technische Daten können wir vorab mailen.",
    "Für {thing} suchen wir einen neuen Lieferanten. Wer ist bei Ihnen zuständig?",
    "Wir haben auf Ihrer Internetseite gelesen, dass Sie {thing} liefern. Welche Mindestmenge gilt?",
    "Unser bisheriger Lieferant kann {thing} nicht mehr liefern. Können Sie bis Quartalsende einspringen?",
    "Anfrage zu {thing}: Zeichnung und Lastdaten liegen bei uns bereit.",
    "Nach unserem Gespräch auf der Messe: bitte um Richtpreis für {thing}.",
    "{thing}: Wir brauchen eine Auslegung, Preis und eine Referenz aus unserer Branche.",
]
DESCRIPTIONS = [
    "Technische Klärung mit der Konstruktion läuft. Muster gewünscht.",
    "Folgeauftrag zur Lieferung vom Vorjahr, gleiche Ausführung.",
    "Wettbewerber im Rennen; Lieferzeit ist das wichtigste Argument.",
    "Budget ist freigegeben, Entscheidung im Lenkungskreis.",
    "Kunde wünscht Rahmenvertrag mit Abrufen über zwölf Monate.",
    "Auslegung nach Lastkollektiv, Abnahme beim Kunden vor Ort.",
]
ARCHIVE_REASONS = [
    "Kein Bedarf",
    "Nicht erreichbar",
    "Werbung",
    "Doppelter Eintrag",
    "Privatperson",
    "Bewerbung",
    "Außerhalb des Liefergebiets",
]
LOSS_NOTES = [
    "Angebot lag 8 % über dem Wettbewerb.",
    "Projekt auf nächstes Jahr verschoben.",
    "Lieferzeit zu lang.",
    "Entscheidung für den bisherigen Lieferanten.",
    "Kunde baut selbst.",
]

# (item number, name, unit, net price in cents, VAT in percent); the first one is what is made to measure.
PRODUCTS = [
    ("RA-ENG", "Projektierung und Anpassung nach Lastenheft", "psch", 480_000, 19),
    ("RA-SV-120", "Servoachse SV 120, Hub 500 mm", "Stk", 284_000, 19),
    ("RA-SV-200", "Servoachse SV 200, Hub 1.200 mm", "Stk", 467_500, 19),
    ("RA-RT-400", "Rundtisch RT 400", "Stk", 612_000, 19),
    ("RA-GT-63", "Winkelgetriebe GT 63", "Stk", 98_400, 19),
    ("RA-GT-90", "Planetengetriebe GT 90", "Stk", 143_900, 19),
    ("RA-MT-75", "Servomotor MT 7,5 kW", "Stk", 187_250, 19),
    ("RA-UR-15", "Frequenzumrichter UR 15", "Stk", 121_500, 19),
    ("RA-ZR-800", "Zahnriemenachse ZR 800", "Stk", 86_790, 19),
    ("RA-FK-22", "Förderantrieb FK 22", "Stk", 54_320, 19),
    ("RA-KU-40", "Kupplung KU 40", "Stk", 12_860, 19),
    ("RA-EL-SET", "Ersatzteilsatz Lager und Dichtungen", "Satz", 34_950, 19),
    ("RA-KABEL", "Anschlusskabel, konfektioniert", "m", 1_245, 19),
    ("RA-MONT", "Montage und Inbetriebnahme vor Ort", "h", 11_800, 19),
    ("RA-SCHUL", "Schulung des Bedienpersonals", "Tag", 145_000, 19),
    ("RA-BUCH", "Handbuch, gedruckt", "Stk", 4_900, 7),
]
# Who we are, on every paper. The numbers are valid and nobody's.
SELLER = {
    "name": COMPANY,
    "legal_name": COMPANY,
    "street": "Werkstraße 8",
    "postal_code": "76437",
    "city": "Rastatt",
    "country": "DE",
    "phone": "+497222990900",
    "email": "rechnung@rotenfels.example",
    "website": "www.rotenfels.example",
    "vat_id": "DE999999970",
    "tax_number": "39/123/45678",
    "register_court": "Amtsgericht Mannheim",
    "register_number": "HRB 999999",
    "managing_directors": "Stefan Rott, Claudia Hartwig",
    "bank_name": "Musterbank Rastatt",
    "iban": "DE89370400440532013000",
    "bic": "COBADEFFXXX",
}

# Steps of the activity plan: type, title, offset and duration in working days, who becomes responsible.
SERIES_PIPELINE = "Serienantriebe"
PLAN = [
    ("Anruf", "Bedarf am Telefon klären", 0, 1, "owner"),
    ("Aufgabe", "Lastenheft anfordern", 0, 2, "owner"),
    ("Aufgabe", "Auslegung rechnen", 1, 3, "least_busy"),
    ("Meeting", "Auslegung freigeben", 0, 1, "lead"),
    ("Aufgabe", "Angebot erstellen", 0, 2, "owner"),
    ("Anruf", "Angebot nachfassen", 3, 1, "owner"),
]
