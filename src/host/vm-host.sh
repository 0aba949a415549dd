#!/bin/sh
# Entry point of the container that a virtual machine runs in. $1 is the folder shared with the controller; it holds
# seed.tar, and gets ssh.sock, console.log, the accelerator's name and, after a power cut, what a check of the file
# system said. /guest holds the disk and the kernel.
set -eu
shared=$1
overlay=/disk.qcow2

# Nothing but a kill ends this container before the run does, and a kill is a power cut.
if [ -e "$overlay" ]; then
  qemu-img convert -O raw "$overlay" /check.img
  # As at boot: replays the journal, mends what needs no question, and reports the rest.
  { e2fsck -f -p /check.img && echo 0 || echo $?; } > "$shared/check.log" 2>&1
  rm /check.img
else
  qemu-img create -q -f qcow2 -b /guest/disk.img -F raw "$overlay"
fi

# A kernel without a root file system panics at once, and the machine ends: if it gets that far, KVM works.
accelerator=tcg,thread=multi,tb-size=1024
if [ -e /dev/kvm ] && timeout 10 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
  -accel kvm -cpu host -m 512 -kernel /guest/vmlinuz -append 'console=ttyS0 panic=-1' -serial stdio \
  < /dev/null 2>&1 | grep -q 'Kernel panic'; then
  accelerator=kvm
fi
echo "${accelerator%%,*}" > "$shared/accelerator"

rm -f "$shared/ssh.sock" /project.sock
/usr/libexec/virtiofsd --socket-path=/project.sock --shared-dir=/usr/lib/pullproof --readonly --sandbox=none --seccomp=none \
  --inode-file-handles=never --cache=always --log-level=error &
socat "UNIX-LISTEN:$shared/ssh.sock,fork,mode=666" TCP:127.0.0.1:2222 &
until [ -S /project.sock ]; do sleep 0.05; done

# cache=unsafe: what the guest has written is with the engine's kernel, which a kill of this container leaves alone.
exec qemu-system-x86_64 -machine q35 -accel "$accelerator" -cpu max -smp 2 -m 2048 \
  -object memory-backend-memfd,id=memory,size=2048M,share=on -numa node,memdev=memory \
  -nodefaults -no-user-config -display none -serial "file:$shared/console.log" \
  -kernel /guest/vmlinuz \
  -append 'root=/dev/nvme0n1 rootfstype=ext4 rw console=ttyS0 net.ifnames=0 loglevel=5 systemd.show_status=false panic=10' \
  -drive "if=none,id=root,file=$overlay,format=qcow2,cache=unsafe,discard=unmap" \
  -drive "if=none,id=seed,file=$shared/seed.tar,format=raw,readonly=on" \
  -device nvme,drive=root,serial=pullproof -device virtio-blk-pci,drive=seed \
  -chardev socket,id=project,path=/project.sock -device vhost-user-fs-pci,chardev=project,tag=pullproof \
  -netdev user,id=network,hostfwd=tcp:127.0.0.1:2222-:22 -device virtio-net-pci,netdev=network,romfile=
