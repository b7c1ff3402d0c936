"""The demo's pages of the house. What only its owner can say stands there as what she has to write."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    slug: str
    title: str
    text: str
    part_of_orders: bool = False


INFO_PAGES = (
    Page(
        "delivery",
        "Delivery and backorders",
        """
<h2>What the days mean</h2>
<p>What is on the shelf ships with the next parcels. For everything else the page of the article says by which day it
ships: worked out from what our suppliers have on their way to us, minus all who ordered before you. “Estimated” stands
there while the supplier has not confirmed the day.</p>
<p>The day is the one on which the parcel leaves us. The carrier’s time comes on top: it stands beside each way of
shipping at the checkout.</p>
<h2>One parcel or several</h2>
<p>If not all of an order is ready on one day, you choose: each part as soon as it is ready, or everything together.
Both last days and both prices are shown before you order, and you can have the ready part sent ahead later.</p>
<h2>When a day moves</h2>
<p>You hear it from us first, with the reason and the new day. You may always cancel for free what has not shipped; if
the delay is long we ask whether you still want it, and if you do not answer in time you get your money back.</p>
<h2>Your place</h2>
<p>Goods go out in the order in which they were ordered. The page of your order shows your place, every day that you
were told, and what became of it.</p>
""",
    ),
    Page(
        "returns",
        "Cancelling and returns",
        """
<p>Anything that has not shipped you cancel yourself on the page of your order, in two clicks and without a reason; what
you paid for it goes back to you.</p>
<p>What has left us you can send back, also without a reason: say so on the page of your order, which names the last day
for it and where to send it. You have it in writing at once, and your money goes back when the goods are here.</p>
<p>This is a demo: a shop that sells writes here who pays for the parcel, and what cannot go back.</p>
""",
        part_of_orders=True,
    ),
    Page(
        "terms",
        "Terms",
        """
<p>This is a demo: nothing in it is really sold, and no order makes a contract. A shop that sells writes its terms
here.</p>
""",
        part_of_orders=True,
    ),
    Page(
        "privacy",
        "Privacy",
        """
<p>The cookies of this shop are its own, and follow you nowhere: one so that forms are answered to nobody but you, one
with what you looked at last, which ends with your browser, one for your cart, and one for your account. Pictures, type
and scripts come from this shop alone.</p>
<p>Of an order it keeps what it takes to fulfil it and to prove what you were told: your address, your e-mail address,
the goods, the days. Of an article that you wanted and could not have, it counts units, not people.</p>
<p>This is a demo: a shop that sells adds who is responsible, how long it keeps what, and whom you can ask.</p>
""",
    ),
    Page(
        "who-we-are",
        "Who we are",
        """
<p>Dibs is a demo on your own machine. A shop that sells names its owner here, where she can be reached, and in which
register she stands.</p>
""",
    ),
)
