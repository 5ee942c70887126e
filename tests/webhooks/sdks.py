"""Has messages signed by the vendors' own libraries, as JSON for the test `what_the_vendors_own_libraries_sign_verifies`. Run by
`tests/run sdks`, in a virtual environment that holds those libraries. Where one only verifies, it verifies what is signed here first."""

import hashlib
import hmac
import json
import random
import string
import sys
import time
from datetime import datetime, timezone

import stripe
from elevenlabs.client import ElevenLabs
from retell.lib import webhook_auth as retell
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook

dice = random.Random()


def body():
    """JSON with whatever a message may hold."""
    text = "".join(dice.choice(string.printable + "äöüß€😀\u0000\u2028") for _ in range(dice.randrange(200)))
    return json.dumps({"text": text, "n": dice.random(), "id": f"evt_{dice.getrandbits(64):x}"}, ensure_ascii=dice.random() < 0.5)


def secret(prefix=""):
    return prefix + "".join(dice.choice(string.ascii_letters + string.digits) for _ in range(32))


def slack(now, text):
    key = secret()
    verifier = SignatureVerifier(key)
    signature = verifier.generate_signature(timestamp=str(now), body=text)
    assert verifier.is_valid(body=text, timestamp=str(now), signature=signature)
    return key, {"x-slack-signature": signature, "x-slack-request-timestamp": str(now)}


def of_stripe(now, text):
    key = secret("whsec_")
    signature = stripe.WebhookSignature._compute_signature(f"{now}.{text}", key)
    header = f"t={now},v1={signature}"
    assert stripe.WebhookSignature.verify_header(text, header, key, tolerance=300)
    return key, {"stripe-signature": header}


def elevenlabs(now, text):
    key = secret("wsec_")
    tag = hmac.new(key.encode(), f"{now}.{text}".encode(), hashlib.sha256).hexdigest()
    header = f"t={now},v0={tag}"
    event = ElevenLabs(api_key="none").webhooks.construct_event(rawBody=text, sig_header=header, secret=key)
    assert event == json.loads(text)
    return key, {"elevenlabs-signature": header}


def of_retell(now, text):
    key = secret("key_")
    header = retell.symmetric["sign"](text, key)
    assert retell.symmetric["verify"](text, key, header)
    return key, {"x-retell-signature": header}


def standard(now, text):
    key = "whsec_" + "".join(dice.choice(string.ascii_letters + string.digits) for _ in range(32))
    webhook, at = Webhook(key), datetime.fromtimestamp(now, tz=timezone.utc)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": webhook.sign("msg_1", at, text)}
    assert webhook.verify(text, headers) == json.loads(text)
    return key, headers


def main():
    vectors = []
    for sender, sign in [("slack", slack), ("stripe", of_stripe), ("elevenlabs", elevenlabs), ("retell", of_retell), ("standard", standard)]:
        for _ in range(50):
            now, text = int(time.time()), body()
            key, headers = sign(now, text)
            vectors.append({"sender": sender, "at": int(time.time() * 1000), "secret": key, "headers": headers, "body": text})
    json.dump(vectors, sys.stdout)


if __name__ == "__main__":
    main()
