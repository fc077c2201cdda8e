import { guestPort, portGreeting } from "./line-commands.ts";

/** The conformance suite's guest for real machines, a script for `madeGuest`; see line-commands.ts. */
export const answeringLines = `
first_line() { busybox tr -d '\\000' | busybox head -n 1; }

device() {
  for disk in /sys/block/vd*; do
    [ "$(busybox cat $disk/serial)" = $1 ] && echo /dev/\${disk##*/}
  done
}

disk_read() {
  line=$(busybox dd if=$(device $1) bs=512 count=1 2>/dev/null | first_line)
  echo \${line:-nothing}
}

disk_write() {
  if echo $2 | busybox dd of=$(device $1) bs=512 conv=sync,fsync,notrunc 2>/dev/null
  then echo written; else echo refused; fi
}

card() { busybox cat /sys/class/net/eth$1/address 2>/dev/null || echo none; }

share() {
  [ -d /share/$1 ] && return
  busybox mkdir -p /share/$1
  busybox mount -t 9p -o trans=virtio,version=9p2000.L $1 /share/$1
}

share_read() {
  share $1
  if [ -e /share/$1/$2 ]; then first_line </share/$1/$2; else echo absent; fi
}

share_write() {
  share $1
  if (echo $3 >/share/$1/$2) 2>/dev/null; then echo written; else echo refused; fi
}

answer() {
  case "$1 $3" in
    "disk read") disk_read $2 ;;
    "disk write") disk_write $2 $4 ;;
    "card ") card $2 ;;
    "share read") share_read $2 $4 ;;
    "share write") share_write $2 $4 $5 ;;
    *) echo "$*" ;;
  esac
}

if [ -e /sys/class/net/eth0 ]; then
  busybox ip link set eth0 up
  busybox ip addr add 10.0.2.15/24 dev eth0
  printf '#!/bin/busybox sh\\necho "${portGreeting}"\\n' >/bin/greet
  busybox chmod +x /bin/greet
  busybox nc -ll -p ${guestPort} -e /bin/greet &
fi

exec 3<>$port
n=0
while :; do
  if read -r line <&3; then n=$((n + 1)); echo "$n $(answer $line)" >&3; else busybox usleep 10000; fi
done
`;
