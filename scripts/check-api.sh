#!/bin/sh
# Holds the API against its own description (/api): requests that schemathesis makes up, valid and
# not, whose answers must have a status, a media type and a body that the description names, and
# never be a fault of the server. Then the description itself, by OpenAPI's rules.
#
#   make serve &
#   scripts/check-api.sh http://127.0.0.1:8080 [MORE OPTIONS OF schemathesis run]
#
# Needs Python 3.10 or newer; the tools go into a virtual environment, $VENV or .venv-check-api.
# Left out: positive_data_acceptance, for a filter that is text to the schema may be no CQL2, and
# a feature id no feature's; negative_data_rejection, for a limit above its maximum is cut to it (OGC
# 17-069r4 §7.15.2), and an unknown language is the default one. What must be refused is in tests/.
set -eu
url=${1:?"usage: $0 URL [OPTIONS]"}
shift
venv=${VENV:-.venv-check-api}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import schemathesis, openapi_spec_validator' 2>/dev/null ||
    "$venv/bin/pip" install --quiet 'schemathesis>=4.32,<5' 'openapi-spec-validator>=0.9,<1'

"$venv/bin/python" - "$url" <<'PYTHON'
import json, sys, urllib.request
from openapi_spec_validator import validate
with urllib.request.urlopen(sys.argv[1] + "/api") as reply:
    api = json.load(reply)
validate(api)
print(f"a valid description: {len(api['paths'])} paths")
PYTHON

exec "$venv/bin/schemathesis" run "$url/api" --no-color \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
    --suppress-health-check all --continue-on-failure "$@"
