"""Holds the running server at PERNOEX_URL against its own OpenAPI document: the document is valid, and whatever is generated from it
is answered as it says, with and without a session. Run by `tests/run api`, in a virtual environment with schemathesis.

PERNOEX_API_SECONDS bounds each of the two runs (30 by default)."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import uuid

from openapi_spec_validator import validate

URL = os.environ["PERNOEX_URL"]
SECONDS = int(os.environ.get("PERNOEX_API_SECONDS", "30"))
# Left out: what people may type is narrower than a schema says (an address that is none is refused with a code of its own), and
# the widget's door asks for the key and the page before it asks for a token, so that its first refusal is not always 401.
LEFT_OUT = "positive_data_acceptance,missing_required_header"
# These end the session that asks, begin another, or take away the key that the others name.
ENDS = "/api/v1/(account|session|workspaces|invitations)|/workspace/membership|/widget/key$"


def call(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"content-type": "application/json", **(headers or {})}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
        return response, json.loads(text) if text else None


def prepared():
    """Headers of a session, and ids that the paths can name."""
    someone = {"email": f"api.{uuid.uuid4().hex}@example.com", "password": "a long enough password", "workspace": "Api"}
    response, session = call("POST", "/api/v1/account", someone)
    cookie = response.headers["set-cookie"].split(";")[0]
    headers = {"cookie": cookie, "x-csrf-token": session["csrf_token"]}
    _, project = call("POST", "/api/v1/projects", {"name": "Lantern"}, headers)
    path = f"/api/v1/projects/{project['id']}"
    _, asked = call("POST", f"{path}/questions", {"question": "How do I export my data?"}, headers)
    _, widget = call("GET", f"{path}/widget", None, headers)
    ids = {"project": project["id"], "conversation": asked["conversation"], "message": asked["message"], "key": widget["public_key"]}
    keys = {"session": cookie.split("=", 1)[1], "csrf": session["csrf_token"]}
    return headers, ids, keys


def fuzz(title, ids, keys, *options):
    print(f"== schemathesis, {title}", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write("[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in ids.items()))
        config.write("".join(f'[auth.openapi.{scheme}]\napi_key = "{key}"\n' for scheme, key in keys.items()))
        config.flush()
        command = [os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "schemathesis"), "--config-file", config.name, "run", URL + "/api/openapi.json"]
        command += ["--phases=examples,coverage,fuzzing", f"--max-time={SECONDS}", "--max-examples=20", "--seed=1", "--generation-database=none", "--continue-on-failure"]
        command += ["--exclude-checks", LEFT_OUT, "--request-timeout=30", "--no-color", *options]
        # It leaves notes of what failed where it runs.
        with tempfile.TemporaryDirectory() as folder:
            return subprocess.run(command, check=False, cwd=folder).returncode


def main():
    with urllib.request.urlopen(URL + "/api/openapi.json", timeout=30) as response:
        validate(json.load(response))
    print("the OpenAPI document is valid", flush=True)
    headers, ids, keys = prepared()
    failed = fuzz("with a session", ids, keys, "--exclude-path-regex", ENDS)
    call("GET", "/api/v1/session", None, headers)  # still signed in, so that the run was what it claims to be
    failed |= fuzz("without a session", ids, {})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
