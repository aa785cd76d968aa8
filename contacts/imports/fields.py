"""The columns that a file of companies or persons may have, and the decisions its user takes."""

from django.utils.translation import gettext_lazy, pgettext_lazy

from contacts.models import CompanySize, CompanyStatus, Salutation
from crm.imports.targets import Field, Option
from crm.imports.values import words_of
from crm.lists.models import Tag

ADDRESS = (
    Field(
        "street",
        gettext_lazy("street"),
        limit=200,
        aliases="strasse anschrift adresse address strassehausnummer address1 addressline1",
    ),
    Field(
        "postal_code",
        gettext_lazy("postal code"),
        limit=20,
        aliases="plz postleitzahl zip zipcode postcode",
    ),
    Field("city", gettext_lazy("city"), limit=100, aliases="ort stadt town wohnort"),
    Field(
        "country",
        gettext_lazy("country"),
        "country",
        aliases="land staat countrycode laenderkennzeichen lkz",
    ),
)
EMAIL = Field("email", gettext_lazy("e-mail"), "email", limit=254, aliases="mail emailadresse emailaddress mailadresse")
PHONE = Field(
    "phone",
    gettext_lazy("phone"),
    "phone",
    limit=40,
    aliases="telefon telefonnummer tel phonenumber festnetz telefongeschaeftlich businessphone",
)
RECORD = (
    Field(
        "owner",
        gettext_lazy("Responsible"),
        "user",
        aliases="verantwortlich verantwortlicher betreuer besitzer owner accountmanager vertriebler "
        "zustaendig bearbeiter assignedto salesrep leadowner",
    ),
    Field(
        "tags",
        gettext_lazy("tags"),
        "picks",
        model=Tag,
        aliases="tag schlagworte stichworte labels kategorien",
    ),
    Field(
        "external_id",
        gettext_lazy("external ID"),
        limit=100,
        aliases="externeid id uuid guid recordid datensatzid",
    ),
    Field(
        "created_at",
        gettext_lazy("created at"),
        "moment",
        aliases="angelegtam erstelltam erstellt angelegt createddate created creationdate anlagedatum "
        "erfasstam datecreated erstellungsdatum firstcontactdate erstkontakt",
    ),
)
DUPLICATES = Option(
    "duplicates",
    gettext_lazy("Records that seem to be the same (e-mail, phone, VAT ID, web domain, or name and place)"),
    (
        ("take", gettext_lazy("Take the existing one, leave it as it is")),
        ("fill", gettext_lazy("Take the existing one, fill its empty fields")),
        ("reject", gettext_lazy("Reject the row")),
        ("create", gettext_lazy("Create it nevertheless")),
    ),
    "fill",
)
COMPANY_FIELDS = (
    Field(
        "name",
        gettext_lazy("company name"),
        limit=200,
        required=True,
        aliases="firma firmenname company account accountname unternehmen organisation organization "
        "kunde kundenname customer customername name1",
    ),
    Field("legal_form", gettext_lazy("legal form"), limit=60, aliases="rechtsform"),
    *ADDRESS,
    EMAIL,
    PHONE,
    Field(
        "website",
        gettext_lazy("website"),
        "website",
        limit=200,
        aliases="webseite homepage url web internet domain",
    ),
    Field(
        "vat_id",
        gettext_lazy("VAT ID"),
        limit=20,
        aliases="ustid ustidnr umsatzsteuerid vat vatnumber vatid steuernummer",
    ),
    Field("industry_code", gettext_lazy("industry code"), limit=10, aliases="branche wzcode nace"),
    Field(
        "size",
        gettext_lazy("size"),
        "choice",
        words=words_of(CompanySize),
        aliases="groesse mitarbeiter mitarbeiterzahl employees",
    ),
    Field(
        "status",
        pgettext_lazy("company", "status"),
        "choice",
        words=words_of(CompanyStatus),
        aliases="kundenstatus typ type",
    ),
    Field("customer_since", gettext_lazy("customer since"), "date", aliases="kundeseit"),
    Field(
        "payment_terms_days",
        gettext_lazy("payment terms (days)"),
        "number",
        aliases="zahlungsziel zahlungszieltage paymentterms",
    ),
    Field(
        "parent",
        gettext_lazy("parent company"),
        "reference",
        aliases="muttergesellschaft konzern parentaccount mutterunternehmen",
    ),
    *RECORD,
)
PERSON_FIELDS = (
    Field(
        "salutation",
        gettext_lazy("salutation"),
        "choice",
        words={
            **words_of(Salutation),
            "mr": ("Herr", "Mr", "Mr.", "Hr.", "m", "male", "männlich"),
            "ms": ("Frau", "Ms", "Mrs", "Mrs.", "Fr.", "f", "w", "female", "weiblich"),
        },
        aliases="anrede geschlecht gender",
    ),
    Field("title", pgettext_lazy("person", "title"), limit=40, aliases="titel akademischertitel"),
    Field("first_name", gettext_lazy("first name"), limit=100, aliases="vorname firstname givenname"),
    Field(
        "last_name",
        gettext_lazy("last name"),
        limit=100,
        aliases="nachname familienname lastname surname zuname familyname",
    ),
    Field(
        "full_name",
        gettext_lazy("name in one piece"),
        "reference",
        limit=200,
        aliases="name fullname kontakt contact contactname ansprechpartner vollername kontaktname person",
    ),
    EMAIL,
    Field(
        "further_emails",
        gettext_lazy("further e-mails"),
        "picks",
        aliases="email2 weitereemail secondaryemail email2address",
    ),
    PHONE,
    Field(
        "mobile",
        gettext_lazy("mobile"),
        "phone",
        limit=40,
        aliases="mobil mobiltelefon handy mobilnummer mobilephone cell cellphone",
    ),
    Field(
        "function",
        gettext_lazy("function"),
        limit=120,
        aliases="funktion position jobtitle rolle role job",
    ),
    *ADDRESS,
    Field(
        "company",
        gettext_lazy("company"),
        "reference",
        limit=200,
        aliases="firma firmenname companyname account accountname unternehmen organisation organization arbeitgeber",
    ),
    Field(
        "company_external_id",
        gettext_lazy("external ID of the company"),
        limit=100,
        aliases="companyid accountid firmenid kundennummer",
    ),
    *RECORD,
)
COMPANIES_OPTION = Option(
    "companies",
    gettext_lazy("Companies and persons named in the file that are missing"),
    (("create", gettext_lazy("Create them")), ("reject", gettext_lazy("Reject the row"))),
    "create",
)
