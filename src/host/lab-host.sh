#!/bin/sh
# Entry point of a lab host: an engine inside a container. $1 is the folder shared with the controller.
set -eu
shared=$1

mount -o remount,rw /sys
mount -o remount,rw /proc/sys

# With cgroup v2 a group that has processes may have no children with controllers, so the processes move down.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  while read -r pid; do echo "$pid" > /sys/fs/cgroup/init/cgroup.procs || true; done < /sys/fs/cgroup/cgroup.procs
  sed 's/ / +/g; s/^/+/' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi

# A restarted container keeps its files: a pid file from before would keep the engine from starting.
rm -rf /var/run/docker.pid /var/run/docker /var/run/docker.sock "$shared/docker.sock"

if [ ! -e /etc/pullproof-ca ]; then
  cat "$shared/ca.pem" >> /etc/ssl/certs/ca-certificates.crt
  mkdir -p /etc/docker
  cp "$shared/daemon.json" /etc/docker/daemon.json
  touch /etc/pullproof-ca
fi

# The folder admits only the controller's user; within it the socket may be open.
(
  until [ -S "$shared/docker.sock" ]; do sleep 0.05; done
  chmod 0666 "$shared/docker.sock"
) &

exec dockerd -H unix:///var/run/docker.sock -H "unix://$shared/docker.sock"
