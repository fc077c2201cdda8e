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

files() {
  exec 4<>\${port%1}2
  while ! read -r line <&4; do busybox usleep 10000; done
  echo "$1: $line" >&4
  echo said
}

answer() {
  case "$1 $3" in
    "disk read") disk_read $2 ;;
    "disk write") disk_write $2 $4 ;;
    "card ") card $2 ;;
    "files ") files $2 ;;
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
