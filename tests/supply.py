"""What is inside the program: its list of crates, the SBOM of its build and Cargo.lock say the same.

    python3 tests/supply.py PROGRAM SBOM

PROGRAM was built by cargo-auditable, which leaves the list in its section `.dep-v0` (zlib, JSON); SBOM is CycloneDX 1.5, JSON. Ends with 1
and a line for each difference.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import zlib


def carried(program):
    """(name, version) of each crate that the program says it was built from."""
    with tempfile.NamedTemporaryFile() as section:
        subprocess.run(["objcopy", "-O", "binary", "--only-section=.dep-v0", "--set-section-flags", ".dep-v0=alloc", program, section.name], check=True)
        packages = json.loads(zlib.decompress(section.read()))["packages"]
    return {(one["name"], one["version"]) for one in packages if one.get("kind", "runtime") == "runtime"}


def main(program, sbom):
    document = json.loads(pathlib.Path(sbom).read_text())
    components = document["components"] + [document["metadata"]["component"]]
    listed = {(one["name"], one["version"]) for one in components}
    locked = tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    known = {(one["name"], one["version"]): one for one in locked}
    inside = carried(program)
    wrong = []
    if document["specVersion"] != "1.5":
        wrong.append(f"the SBOM is of CycloneDX {document['specVersion']}")
    if len(inside) < 100:
        wrong.append(f"the program names only {len(inside)} crates")
    for name, version in sorted(inside - listed):
        wrong.append(f"{name} {version} is in the program and not in the SBOM")
    for name, version in sorted((inside | listed) - known.keys()):
        wrong.append(f"{name} {version} is not in Cargo.lock")
    for one in components:
        hashes = {found["content"] for found in one.get("hashes", [])}
        checksum = known.get((one["name"], one["version"]), {}).get("checksum")
        if checksum and checksum not in hashes:
            wrong.append(f"{one['name']} {one['version']} has another checksum in the SBOM than in Cargo.lock")
        if not one.get("licenses"):
            wrong.append(f"the SBOM names no licence of {one['name']} {one['version']}")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(inside)} crates in the program, {len(listed)} in the SBOM (with those that only build it), {len(known)} in Cargo.lock")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
