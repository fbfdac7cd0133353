#!/usr/bin/env bash
# Starts docker-compose.yml with the demo on this machine, and looks whether every part does its work. Needs Docker with
# the compose plugin, curl and the internet for the images.
#
#   deploy/smoke.sh          starts, looks, stops and removes everything, volumes included
#   deploy/smoke.sh --keep   leaves it running

set -euo pipefail
cd "$(dirname "$0")/.."

keep=
[ "${1:-}" = --keep ] && keep=yes

compose() { docker compose --profile demo "$@"; }

finish() {
    local result=$?
    if [ "$result" -ne 0 ]; then compose logs --tail=30 || true; fi
    if [ -z "$keep" ]; then compose down --volumes; fi
    exit "$result"
}
trap finish EXIT

# wait_for WHAT SECONDS URL TEXT: until the page holds the text.
wait_for() {
    local what=$1 seconds=$2 url=$3 text=$4 page=
    for _ in $(seq "$seconds"); do
        page=$(curl -fsS --max-time 5 "$url" 2>&1) || true
        if [[ $page == *"$text"* ]]; then
            echo "ok: $what"
            return
        fi
        sleep 1
    done
    printf 'failed: %s: no %s within %s s at %s, but:\n%.2000s\n' "$what" "$text" "$seconds" "$url" "$page" >&2
    return 1
}

query() { echo "http://localhost:9090/api/v1/query?query=$1"; }

compose up --build --detach --wait
wait_for "the canary watches" 10 http://localhost:10429/-/ready "is ready"
wait_for "it explains its reasons" 10 http://localhost:10429/docs/reasons.md 'id="dns_nxdomain"'
wait_for "the demo watches" 10 http://localhost:10430/-/ready "is ready"
wait_for "Prometheus scrapes the canary" 60 "$(query 'up%7Bjob%3D%22api-canary%22%2Cinstance%3D%22api-canary%3A10429%22%7D%3D%3D1')" '"instance":"api-canary:10429"'
wait_for "Prometheus scrapes the demo" 60 "$(query 'up%7Bjob%3D%22api-canary%22%2Cinstance%3D%22demo%3A10429%22%7D%3D%3D1')" '"instance":"demo:10429"'
wait_for "Prometheus has the rules" 60 "http://localhost:9090/api/v1/rules" ApiCanaryWatchdog
wait_for "Prometheus knows Alertmanager" 60 http://localhost:9090/api/v1/alertmanagers '"url":"http://alertmanager:9093'
wait_for "Alertmanager has an alert" 120 http://localhost:9093/api/v2/alerts ApiCanaryWatchdog
wait_for "Grafana lives" 60 http://localhost:3000/api/health '"database"'
for board in overview target api canary; do
    wait_for "Grafana shows the board $board" 60 "http://localhost:3000/api/dashboards/uid/api-canary-$board" '"provisioned":true'
done
wait_for "Grafana asks Prometheus" 30 \
    "http://localhost:3000/api/datasources/proxy/uid/api-canary-prometheus/api/v1/query?query=target_up" '"target"'

echo "waiting for a page of the demo: some minutes"
for _ in $(seq 600); do
    # Read to its end: whoever is not would fail for that.
    if compose logs --no-log-prefix webhook | grep '^FIRING .*critical'; then
        echo "ok: a page"
        exit 0
    fi
    sleep 1
done
echo "failed: no page within 10 minutes" >&2
exit 1
