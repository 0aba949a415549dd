#!/bin/sh
# Turns the system that it runs in, a container of a Debian with a kernel, into the guest of a virtual machine:
# writes disk.img and vmlinuz into the folder $1, which then belong to $2.
set -eu
made=$1 owner=$2

# The disk is an NVMe namespace: the kernel has that driver, and ext4, built in, and so needs no initrd. It is the only
# one, because the kernel looks at all of them at once and numbers them as they answer.
echo '/dev/nvme0n1 / ext4 defaults 0 1' > /etc/fstab
# pullproof itself, as the machine's container shows it.
echo 'pullproof /usr/lib/pullproof virtiofs ro 0 0' >> /etc/fstab
mkdir -p /usr/lib/pullproof
ln -s /usr/lib/pullproof/src/host/pullproof.sh /usr/local/bin/pullproof

: > /etc/machine-id
rm -f /etc/ssh/ssh_host_*
cat >> /etc/ssh/sshd_config <<'END'
PasswordAuthentication no
UsePAM no
UseDNS no
# The witnesses look at the same time, over one connection.
MaxSessions 100
END

# Fixed by QEMU's user-mode network: the guest's address, its gateway, and a name server that asks the container's.
cat > /etc/systemd/system/guest-network.service <<'END'
[Unit]
DefaultDependencies=no
After=systemd-remount-fs.service
Before=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/modprobe virtio_net
ExecStart=/sbin/ip link set lo up
ExecStart=/sbin/ip address add 10.0.2.15/24 dev eth0
ExecStart=/sbin/ip link set eth0 up
ExecStart=/sbin/ip route add default via 10.0.2.2
END

# What this run is about: keys, the hub's authority, settings. A tar on a disk of its own, read at the first boot.
cat > /etc/systemd/system/guest-seed.service <<'END'
[Unit]
DefaultDependencies=no
After=systemd-remount-fs.service
Before=network.target
ConditionPathExists=!/etc/pullproof
[Service]
Type=oneshot
ExecStart=/sbin/modprobe virtio_blk
ExecStart=/bin/tar --extract --file /dev/vda --directory /
ExecStart=/bin/sh -c 'cat /etc/pullproof/ca.pem >> /etc/ssl/certs/ca-certificates.crt'
END
mkdir -p /etc/systemd/system/network.target.wants
for unit in guest-network guest-seed; do
  ln -s "../$unit.service" /etc/systemd/system/network.target.wants/
done
# The order of network.target is nobody's business unless somebody wants it.
mkdir -p /etc/systemd/system/basic.target.wants
ln -s /lib/systemd/system/network.target /etc/systemd/system/basic.target.wants/

# Emulated, every process that nobody needs costs a second: device management (the devices are known), logins at a
# console, housekeeping by timers, and generators that look for what this guest has not.
for unit in \
  apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  getty.target kmod-static-nodes.service ldconfig.service systemd-ask-password-console.path \
  systemd-ask-password-wall.path systemd-binfmt.service systemd-firstboot.service systemd-hwdb-update.service \
  systemd-journal-catalog-update.service systemd-journal-flush.service systemd-logind.service \
  systemd-machine-id-commit.service systemd-pstore.service systemd-sysusers.service systemd-tmpfiles-clean.timer \
  systemd-udev-settle.service systemd-udev-trigger.service systemd-udevd-control.socket \
  systemd-udevd-kernel.socket systemd-udevd.service systemd-update-done.service systemd-user-sessions.service \
  sshd-keygen.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount \
  sys-kernel-config.mount proc-sys-fs-binfmt_misc.automount; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
mkdir -p /etc/systemd/system-generators
for path in /lib/systemd/system-generators/*; do
  case "$path" in *-fstab-generator) ;; *) ln -s /dev/null "/etc/systemd/system-generators/${path##*/}" ;; esac
done
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\n' > /etc/systemd/journald.conf.d/guest.conf

cp /boot/vmlinuz-* "$made/vmlinuz"

# Docker mounts files of its own over some in /etc, so those of the guest come from a second tree.
extra=$(mktemp -d)
mkdir "$extra/etc"
echo vm > "$extra/etc/hostname"
echo '127.0.0.1 localhost vm' > "$extra/etc/hosts"
echo 'nameserver 10.0.2.3' > "$extra/etc/resolv.conf"
truncate --size 6G "$made/disk.img"
tar --create --directory / --one-file-system --warning=no-xdev --exclude='./boot/*' --exclude='./run/*' \
  --exclude='./tmp/*' --exclude=./made --exclude=./guest.sh --exclude=./.dockerenv . --directory "$extra" ./etc |
  mke2fs -q -t ext4 -d - "$made/disk.img"
chown -R "$owner" "$made"
