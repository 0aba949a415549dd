#!/bin/sh
# What an operator would type for the chain of suites/pc2-retention.ts, with the waiting that it takes: deploy,
# teardown, redeploy, prune, redeploy, restart, redeploy. No witness, no evidence, no verdict.
# usage: chain.sh CONTAINER FOLDER STACK IMAGE…    (FOLDER holds the recipe and its .env on the host)
set -eu
host=$1 folder=$2 stack=$3
shift 3
label="label=com.docker.stack.namespace=$stack"

on_host() { docker exec "$host" "$@"; }

deploy() {
  on_host sh -c "head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' | docker secret create ${stack}_session_key_v1 -" > /dev/null
  on_host bash -c "cd $folder && set -a && . ./.env && . ./abra.sh && docker stack deploy --with-registry-auth --resolve-image always -c compose.yml $stack" > /dev/null 2>&1
  until [ "$(on_host docker stack services --format '{{.Replicas}}' "$stack" | sort -u)" = 1/1 ]; do sleep 0.1; done
}

teardown() {
  on_host docker stack rm "$stack" > /dev/null
  until [ -z "$(on_host sh -c "docker ps -aq --filter $label; docker network ls -q --filter $label")" ]; do sleep 0.1; done
  on_host sh -c "docker volume rm \$(docker volume ls -q --filter $label)" > /dev/null
  on_host docker secret rm "${stack}_session_key_v1" > /dev/null
}

on_host docker pull --quiet pullproof/base:1.0.0 > /dev/null
deploy; teardown
deploy; teardown
# The reference policy's command for a disk without pressure: look, and leave it.
on_host df --output=pcent /var/lib/docker > /dev/null
deploy; teardown
docker restart --time 30 "$host" > /dev/null
until on_host docker node ls --format '{{.Status}}' 2> /dev/null | grep -q Ready; do sleep 0.1; done
deploy; teardown
