#!/bin/sh
# Entry point of the hub's container. $1 is the folder shared with the controller.
# The registry listens on a unix socket alone; what reaches port 443 goes to the controller's front.
set -eu
shared=$1
rm -f "$shared/registry.sock"

cat > /etc/registry.yml <<CONFIG
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: /var/lib/registry }
http: { net: unix, addr: $shared/registry.sock, relativeurls: true, secret: lab }
CONFIG

# The folder admits only the controller's user; within it the socket may be open.
(
  until [ -S "$shared/registry.sock" ]; do sleep 0.05; done
  chmod 0666 "$shared/registry.sock"
) &

socat TCP-LISTEN:443,reuseaddr,fork,backlog=128 "UNIX-CONNECT:$shared/front.sock" &
exec docker-registry serve /etc/registry.yml
