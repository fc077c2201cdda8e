#!/bin/sh
# What compose files expect of nginx' image: templates are filled in by the environment.
set -eu
for template in /etc/nginx/templates/*.template; do
  [ -e "$template" ] || continue
  perl -pe 's/\$\{(\w+)\}/exists $ENV{$1} ? $ENV{$1} : $&/ge' "$template" \
    >"/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
