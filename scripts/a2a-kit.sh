#!/usr/bin/env bash
# The public compatibility kit of A2A, lines 1.0 and 0.3, against the gateway in front of agents of both versions: about
# three minutes on a quiet machine. Needs git and Python from 3.11 with venv, and the way to GitHub (no package registry
# has the kit; A2A_KIT_SOURCE names another place) and PyPI. What it fetches stays in .routeiq/a2a-kit.
set -euo pipefail
cd "$(dirname "$0")/.."
source=${A2A_KIT_SOURCE:-https://github.com/a2aproject/a2a-tck}
folder=$PWD/.routeiq/a2a-kit

check_out() {
  local place=$folder/$1 commit=$2
  [ -d "$place/.git" ] || git clone --quiet "$source" "$place"
  git -C "$place" checkout --quiet --detach "$commit"
}
check_out 1.0 357c4a87afa2818731590647cccbea31c31733a2
check_out 0.3 eb1f804c27ea25db8805264d9ed2d7ca077a7776

if ! [ -e "$folder/python/ready" ]; then
  python3 -m venv "$folder/python"
  "$folder/python/bin/python" -m pip install --quiet --disable-pip-version-check \
    'pytest<10' 'pytest-asyncio<2' 'pytest-json-report<2' 'pytest-html<5' 'httpx<1' 'requests<3' 'responses<1' \
    'deepdiff<10' 'jsonschema<5' packaging PyYAML python-dotenv proto-plus pyOpenSSL 'aiohttp<4' gherkin-official Jinja2 \
    'grpcio<2' 'grpcio-tools<2' 'grpcio-status<2' googleapis-common-protos
  touch "$folder/python/ready"
fi

export A2A_KIT_1_0=$folder/1.0 A2A_KIT_0_3=$folder/0.3 A2A_KIT_PYTHON=$folder/python/bin/python
npm run --silent build
cd gateway
exec npx vitest run --config test/cli-clients/vitest.config.ts a2a-kit
