#!/bin/sh
# What compose files expect of redis' image: flags alone are the server's, and it isn't root.
set -eu
case ${1-} in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "${1-}" = redis-server ]; then
  set -- "$@" --protected-mode no
  if [ "$(id -u)" = 0 ]; then
    chown -R redis .
    exec setpriv --reuid redis --regid redis --init-groups "$@"
  fi
fi
exec "$@"
