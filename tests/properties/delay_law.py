"""The law of delays once more, as the table that a reader of the rules would draw, for one order line.

Written from the rules (16 CFR 435.2; Consumer Rights Act 2015 s.28 and 2011/83/EU art. 18; the house's mix of both) and
apart from backorders.deadlines, so that a misreading must be made twice to stay unseen. It does not cover stock, money,
a line that was promised in several portions, or a last day under the rule of the house.

T is the day that holds while nothing has slipped, R the day just told, "held" the day that held until then; a delay is
undone by a day that is no later than T was. Under
"strict" (us and house) an order ends when the yes that it needs is missing, or when we let its day pass without a word;
under "mild" (uk_eu) only a last day that the customer set ends it. Our clock runs out with the first midnight in her
zones and the house's, hers with the last; what runs out first counts. While she is asked, ours runs as well: we ship
by the day that we told, whatever she may still answer. What the table does not name changes nothing.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

TABLE = """
law    | state    | event    | notice  | then      | clock
strict | on time  | better   |         | on time   | ours: R
strict | on time  | near     | A       | delayed   | ours: R
strict | on time  | far      | B       | asked     | hers: T + 30
strict | on time  | ours out | C       | cancelled | none
strict | delayed  | better   |         | delayed   | ours: R
strict | delayed  | undone   |         | on time   | ours: R
strict | delayed  | slip     | RENEWED | asked     | hers: held
strict | delayed  | ours out | C       | cancelled | none
strict | asked    | better   |         | asked     | as it was
strict | asked    | undone   |         | on time   | ours: R
strict | asked    | slip     | AGAIN   | asked     | as it was
strict | asked    | yes      |         | agreed    | ours: R, or in 30
strict | asked    | ours out | C       | cancelled | none
strict | asked    | hers out | SILENCE | cancelled | none
strict | agreed   | better   |         | agreed    | ours: R
strict | agreed   | undone   |         | on time   | ours: R
strict | agreed   | slip     | RENEWED | asked     | hers: held
strict | agreed   | ours out | C       | cancelled | none
strict | agreed   | in 30    | RENEWED | asked     | hers: 30 from then
mild   | on time  | better   |         | on time   | ours: R
mild   | on time  | slip     | A       | delayed   | ours: R
mild   | on time  | no day   | B       | delayed   | none
mild   | on time  | ours out | SORRY   | late      | none
mild   | delayed  | better   |         | delayed   | ours: R
mild   | delayed  | slip     | A       | delayed   | ours: R
mild   | delayed  | no day   | B       | delayed   | none
mild   | delayed  | ours out | SORRY   | late      | none
mild   | delayed  | last day |         | last day  | hers: her day
mild   | late     | slip     | A       | delayed   | ours: R
mild   | late     | no day   | B       | delayed   | none
mild   | late     | last day |         | last day  | hers: her day
mild   | last day | slip     | A       | last day  | as it was
mild   | last day | no day   | B       | last day  | as it was
mild   | last day | hers out | HER DAY | cancelled | none
"""
ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip().splitlines()[1:]]
NEXT = {(law, state, event): (notice, then, clock) for law, state, event, notice, then, clock in ROWS}
LAW = {"us": "strict", "house": "strict", "uk_eu": "mild"}
THIRTY = timedelta(days=30)
# With the house in Berlin no zone of these countries has its midnight earlier, and these have it last.
HOUSE = "Europe/Berlin"
FURTHEST_WEST = {"PT": "Atlantic/Azores", "ES": "Atlantic/Canary", "US": "Pacific/Honolulu"}


class Told(NamedTuple):
    """We tell the customer a day, or that we cannot say one."""

    at: datetime
    day: date | None


class Yes(NamedTuple):
    at: datetime


class LastDay(NamedTuple):
    """The customer sets the day until which she waits."""

    at: datetime
    day: date


class Notice(NamedTuple):
    letter: str
    answer_by: date | None = None


Event = Told | Yes | LastDay


def first_midnight(day: date) -> datetime:
    return _midnight_after(day, HOUSE)


def last_midnight(day: date, country: str) -> datetime:
    return _midnight_after(day, FURTHEST_WEST[country])


def _midnight_after(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


class Line:
    """One order line on its way through the table."""

    def __init__(self, law: str, country: str, day: date) -> None:
        self.law, self.country, self.state = law, country, "on time"
        self.day: date | None = day
        self.first = day
        self.clocks = [("ours out", day)]
        self.notices: list[Notice] = []
        self.visited: set[tuple[str, str, str]] = set()

    @property
    def outcome(self) -> str:
        return self.state if self.state in {"asked", "cancelled"} else "kept"

    def wait_until(self, instant: datetime) -> None:
        """Who acts with the stroke of midnight acts in time."""
        while self.clocks:
            event, day = min(self.clocks, key=self.runs_out)
            if instant <= self.runs_out((event, day)):
                return
            self.step(event, day)

    def runs_out(self, clock: tuple[str, date]) -> datetime:
        event, day = clock
        return last_midnight(day, self.country) if event == "hers out" else first_midnight(day)

    def hear(self, event: Event) -> None:
        self.wait_until(event.at)
        match event:
            case Told(day=day):
                if self.state == "on time" and self.day:
                    self.first = self.day
                name, held, self.day = self.compare(day), self.day, day
                self.step(name, held)
            case Yes(at=at):
                self.step("yes", at.astimezone(ZoneInfo(HOUSE)).date())
            case LastDay(day=day):
                self.step("last day", day)

    def compare(self, day: date | None) -> str:
        if self.day is None or (day and day <= self.day):
            is_undone = (self.law, self.state, "undone") in NEXT and day and day <= self.first
            return "undone" if is_undone else "better"
        if self.law == "mild":
            return "slip" if day else "no day"
        if self.state != "on time":
            return "slip"
        return "near" if day and day <= self.day + THIRTY else "far"

    def step(self, event: str, day: date | None) -> None:
        """`day` is that of the event: the one that held, of the yes, that she set, or that ran out."""
        row = self.law, self.state, event
        if row in NEXT:
            self.visited.add(row)
            letter, self.state, clock = NEXT[row]
            self.clocks = self.wind(clock, day)
            if letter:
                asked = [last for event, last in self.clocks if event == "hers out" and self.state == "asked"]
                self.notices.append(Notice(letter, asked[0] if asked else None))

    def wind(self, clock: str, day: date | None) -> list[tuple[str, date]]:
        ours = [("ours out", self.day)] if self.day else []
        also_ours = ours if self.state == "asked" else []
        match clock:
            case "as it was":
                return [(event, last) for event, last in self.clocks if event == "hers out"] + also_ours
            case "ours: R":
                return ours
            case "ours: R, or in 30" if day:
                return ours or [("in 30", day + THIRTY)]
            case "hers: T + 30" if day:
                return [("hers out", day + THIRTY), *also_ours]
            case "hers: 30 from then" if day:
                # She is asked when the day is over, which is on the next one.
                return [("hers out", day + timedelta(days=1) + THIRTY), *also_ours]
            case "hers: held" | "hers: her day" if day:
                return [("hers out", day), *also_ours]
        return []


def judge(rule: str, country: str, day: date, events: Iterable[Event], instant: datetime) -> Line:
    """The line that was promised for `day`, as it stands at `instant`, with all notices that were due until then."""
    line = Line(LAW[rule], country, day)
    for event in events:
        line.hear(event)
    line.wait_until(instant)
    return line
