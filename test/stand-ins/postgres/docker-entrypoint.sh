#!/bin/sh
# What compose files expect of postgres' image: the first start makes the cluster, as the variables
# say, and runs what lies in /docker-entrypoint-initdb.d.
set -eu
case ${1-} in -*) set -- postgres "$@" ;; esac
[ "${1-}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  chown -R postgres "$PGDATA" /run/postgresql
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi

# of NAME: the variable's value, or what the file that NAME_FILE names holds
of() { eval "if [ -n \"\${$1_FILE-}\" ]; then cat \"\$$1_FILE\"; else printf %s \"\${$1-}\"; fi"; }

# By emulation initdb takes a minute: the image holds what it made.
make_cluster() {
  user=$(of POSTGRES_USER) database=$(of POSTGRES_DB) password=$(of POSTGRES_PASSWORD)
  user=${user:-postgres} database=${database:-$user} method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  [ -n "$password" ] || [ "$method" = trust ] || { echo "POSTGRES_PASSWORD is not set" >&2; exit 1; }
  cp -a /usr/share/cluster/. "$PGDATA"
  echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
  {
    [ "$user" = postgres ] || echo "create role \"$user\" superuser login"
    echo "alter role \"$user\" password '$password'"
    [ "$database" = postgres ] || echo "create database \"$database\" owner \"$user\""
  } | postgres --single -D "$PGDATA" postgres >/dev/null
  set -- /docker-entrypoint-initdb.d/*
  [ -e "$1" ] || return 0
  pg_ctl -o "-c listen_addresses=''" -w -t 300 start
  for file; do
    case $file in
      *.sh) . "$file" ;;
      *.sql) psql -v ON_ERROR_STOP=1 -q -U "$user" -d "$database" -f "$file" ;;
    esac
  done
  pg_ctl -m fast -w stop
}

[ -s "$PGDATA/PG_VERSION" ] || make_cluster
exec "$@" -c listen_addresses='*'
