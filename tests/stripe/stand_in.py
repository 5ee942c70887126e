"""Runs localstripe, a stand-in for Stripe that remembers what it was told, on a free port of 127.0.0.1, and prints the port. A process of its
own: it is under the GPL.

It is of a time when what is sold was a plan and no price, so a price is read as the plan of that name; how a change is paid for is not known to
it, and is left out; and it tells nobody of a change, which is added. Checkouts and the portal it has not, and they are not made up here."""

import socket

from aiohttp import web
from localstripe import resources, server
from localstripe.webhooks import schedule_webhook

# It keeps what it knows in one file for all that run on a machine.
resources.Store.dump_to_disk = lambda store: None

update = resources.Subscription._update


def change(subscription, proration_behavior=None, payment_behavior=None, **data):
    for item in data.get("items") or []:
        if "price" in item:
            item["plan"] = item.pop("price")
    update(subscription, **data)
    schedule_webhook(resources.Event("customer.subscription.updated", subscription))


resources.Subscription._update = change

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
web.run_app(server.app, sock=listener, print=None, access_log=None)
