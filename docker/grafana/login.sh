#!/bin/sh
# Makes or renews the login that Grafana reads figures of tenants with. Run again it changes the password alone.
set -eu
export PGHOST=postgres PGUSER=parley PGDATABASE=parley
psql --quiet --set ON_ERROR_STOP=1 --set password="$GRAFANA_DATABASE_PASSWORD" <<'SQL'
select 'create role grafana login connection limit 4' where to_regrole('grafana') is null \gexec
alter role grafana password :'password';
alter role grafana set statement_timeout = '10s';
grant parley_monitor to grafana;
SQL
