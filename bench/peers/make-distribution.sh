#!/bin/bash
# Makes a Debian that boots the usual way, and writes it to the folder given as $1: disk.img (ext4),
# vmlinuz, initrd.img, release (of its kernel). Once it is up it runs `true`, says so on the serial
# console, and switches off.
# Needs root. Takes one to three minutes. The mirror is whatever this machine's own apt is set to.
set -euo pipefail
umask 022
out=$1
work=$(mktemp -d "$out.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
root=$work/root
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

# The apt sources of this machine that offer its own release; third-party ones are left out.
own_sources() {
  # A folder of parts may be absent.
  grep -lE "(^|[[:space:]])$suite([[:space:]]|\$)" \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true
}

make_root() {
  local sources
  mapfile -t sources < <(own_sources)
  mmdebstrap --quiet --variant=important --mode=root \
    --include=linux-image-amd64,initramfs-tools,systemd-sysv,dbus \
    --aptopt='APT::Install-Recommends "0"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt=force-unsafe-io \
    "$suite" "$root" "${sources[@]}" >&2
}

# What a first boot would do is done, so that each boot is an everyday one.
settle() {
  echo distribution >"$root/etc/hostname"
  echo "/dev/vda / ext4 defaults 0 1" >"$root/etc/fstab"
  cat >"$root/etc/systemd/network/ether.network" <<'EOF'
[Match]
Type=ether
[Network]
DHCP=ipv4
EOF
  cat >"$root/etc/systemd/system/bench.service" <<'EOF'
[Unit]
Description=Run true once the system is up, and switch off
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/true
ExecStartPost=/bin/sh -c "echo bench: true has run >/dev/ttyS0"
ExecStartPost=/bin/systemctl --no-block poweroff
[Install]
WantedBy=multi-user.target
EOF
  systemd-machine-id-setup --root="$root" >&2 || dbus-uuidgen >"$root/etc/machine-id"
  chroot "$root" systemctl enable systemd-networkd bench.service >&2
  chroot "$root" systemctl mask systemd-networkd-wait-online.service >&2
  touch "$root/etc/.updated" "$root/var/.updated"
}

make_root
settle
cp -L "$root/vmlinuz" "$out/vmlinuz"
cp -L "$root/initrd.img" "$out/initrd.img"
ls "$root/lib/modules" >"$out/release"
mkfs.ext4 -q -F -L root -d "$root" "$out/disk.img" 2G >&2
