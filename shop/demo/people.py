"""Who shops in the demo. The addresses can receive no mail anywhere but in the demo's own mailbox."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    line1: str
    postcode: str
    city: str
    country: str
    phone: str = ""

    @property
    def details(self) -> dict[str, str]:
        """As a checkout would have asked for them."""
        return asdict(self) | {"line2": ""}


ADA = Person("Ada Lindqvist", "ada@example.com", "Gartenstraße 12", "10115", "Berlin", "DE", "+49 30 5550112")
BO = Person("Bo Martens", "bo@example.com", "Kerkstraat 4", "1017 GC", "Amsterdam", "NL")
CLARA = Person("Clara Weiss", "clara@example.com", "Lindengasse 31", "1070", "Wien", "AT")
DARIO = Person("Dario Conti", "dario@example.com", "Via Garibaldi 8", "10122", "Torino", "IT")
EMMA = Person("Emma Nowak", "emma@example.com", "ul. Długa 17", "31-147", "Kraków", "PL")
FARID = Person("Farid Haddad", "farid@example.com", "Rue des Capucins 22", "69001", "Lyon", "FR")
GRETA = Person("Greta Olsen", "greta@example.com", "Vestergade 9", "8000", "Aarhus", "DK")
HUGO = Person("Hugo Blanc", "hugo@example.com", "Rue Neuve 40", "1000", "Bruxelles", "BE")
INES = Person("Inês Duarte", "ines@example.com", "Rua das Flores 15", "4050-262", "Porto", "PT")
JONAS = Person("Jonas Huber", "jonas@example.com", "Marktgasse 3", "80331", "München", "DE")
