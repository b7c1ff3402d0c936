"""By whom a parcel goes and under which number, corrected after it left. What was told before is kept."""

from datetime import datetime

from shop import messages, wakeups
from shop.models import Carrier, Shipment, TrackingChange
from shop.transactions import use_case


class UnableToCorrect(Exception):
    """The sentence says what to do instead."""


@use_case
def correct(shipment_id: int, *, carrier: str, tracking_number: str, seen: int, actor: str, at: datetime) -> Shipment:
    """The parcel is followed by this from now on. The customer gets a letter with it.

    `seen` are the corrections that there were when somebody wrote this one: a second click then corrects nothing more.
    Raises UnableToCorrect.
    """
    shipment = Shipment.objects.select_for_update(of=("self",)).select_related("order__payment").get(pk=shipment_id)
    if shipment.tracking_changes.count() != seen:
        raise UnableToCorrect("It was corrected just now: see what stands there, and correct that.")
    old = TrackingChange(shipment=shipment, carrier=shipment.carrier, tracking_number=shipment.tracking_number)
    shipment.carrier, shipment.tracking_number = carrier, tracking_number
    if (old.carrier, old.tracking_number) == (carrier, tracking_number):
        raise UnableToCorrect("This is what stands there already.")
    old.actor, old.at = actor, at
    old.save()
    shipment.tracking_link = Carrier.link_of(carrier, tracking_number)
    shipment.save(update_fields=["carrier", "tracking_number", "tracking_link"])
    messages.tracking_corrected(shipment, old.pk, at=at)
    wakeups.wake_mailer()
    return shipment
