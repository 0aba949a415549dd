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

if [ ! -e /etc/pullproof-ca ]; then
  cat "$shared/ca.pem" >> /etc/ssl/certs/ca-certificates.crt
  mkdir -p /etc/docker
  cp "$shared/daemon.json" /etc/docker/daemon.json
  mkdir -p /etc/pullproof
  cp "$shared/prune.yaml" /etc/pullproof/prune.yaml
  ln -s /usr/lib/pullproof/src/host/pullproof.sh /usr/local/bin/pullproof
  touch /etc/pullproof-ca
fi

# A service manager would start an engine anew that ended by itself; a stop of the container stops the engine.
# What is left in here of a container that was restarted would keep its engine from starting.
rm -rf /var/run/docker
stopping=
trap 'stopping=1; kill -TERM "$engine"' TERM
while [ -z "$stopping" ]; do
  rm -f /var/run/docker.pid /var/run/docker.sock "$shared/docker.sock"
  dockerd -H unix:///var/run/docker.sock -H "unix://$shared/docker.sock" &
  engine=$!
  # The folder admits only the controller's user; within it the socket may be open.
  (
    until [ -S "$shared/docker.sock" ] || [ ! -e "/proc/$engine" ]; do sleep 0.05; done
    chmod 0666 "$shared/docker.sock"
  ) &
  # A trap ends the first wait before the engine has ended.
  wait "$engine" || wait "$engine" || true
done
