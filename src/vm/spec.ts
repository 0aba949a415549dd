import type { LabImageSpec } from "../lab/rootfs.ts";

/** The image of the container that a virtual machine runs in: QEMU, and what makes and checks its disk. */
export const machineImage: LabImageSpec = {
  suite: "trixie",
  packages: ["e2fsprogs", "qemu-system-x86", "qemu-utils", "socat", "virtiofsd"],
};

/** What the guest is installed from. Its disk is made by this very system, so it brings mke2fs along. */
export const guestSystem: LabImageSpec = {
  suite: "trixie",
  packages: [
    "ca-certificates",
    "dbus",
    "docker-cli",
    "docker.io",
    "e2fsprogs",
    "iproute2",
    "iptables",
    "kmod",
    // mke2fs reads the tar that it fills a file system from with this.
    "libarchive13t64",
    // What the Node of pullproof's own packages is linked against.
    "libstdc++6",
    "linux-image-cloud-amd64",
    "openssh-server",
    "procps",
    "systemd-sysv",
  ],
};

/** Whether this machine can run the guest: its kernel is one for x86-64, and emulating another kind takes too long. */
export const canRunGuest: boolean = process.arch === "x64";
