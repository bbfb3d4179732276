#!/bin/bash
# Real hosts for the tests: Debian with its own kernel, systemd and cgroup v2, in QEMU by software emulation.
#   machine.sh setup SUITE            build the bare disk of bookworm or trixie once
#   machine.sh up SUITE NAME [FROM]   boot NAME on a copy-on-write disk over the bare one, or over the snapshot FROM
#   machine.sh in NAME COMMAND...     run a command as root in it (its exit status is ours)
#   machine.sh put NAME SOURCE FOLDER copy a file or folder into a folder of it
#   machine.sh snapshot NAME TO       shut NAME down and keep its disk as a base for others
#   machine.sh cut NAME               power cut: whatever was not on the disk is gone; `up` boots the same disk
#   machine.sh off NAME               clean shutdown; fails when something holds it up
#   machine.sh rm NAME                end it and forget its disk
# GANTRY_VM: where disks live (/var/tmp/gantry-vm). MEMORY: MiB (2048). APPEND: more kernel parameters.
set -euo pipefail
ROOT=${GANTRY_VM:-/var/tmp/gantry-vm}
MEMORY=${MEMORY:-2048}
KEY=$ROOT/key
# As bare as a fresh server: what Gantry needs, its quickstart installs.
PACKAGES=linux-image-amd64,initramfs-tools,systemd-sysv,dbus,openssh-server,iproute2,ca-certificates,procps,kmod,apparmor
mkdir -p "$ROOT"

install_tools() {
  local need=()
  command -v qemu-system-x86_64 >/dev/null || need+=(qemu-system-x86)
  command -v qemu-img >/dev/null || need+=(qemu-utils)
  command -v debootstrap >/dev/null || need+=(debootstrap)
  command -v ssh >/dev/null || need+=(openssh-client)
  command -v mke2fs >/dev/null || need+=(e2fsprogs)
  [ ${#need[@]} = 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}

setup() {
  local suite=$1 tree=$ROOT/$1.tree log=$ROOT/$1.log
  [ -e "$ROOT/$suite.ready" ] && return
  install_tools
  [ -e "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -f "$KEY"
  rm -rf "$tree"
  debootstrap --variant=minbase --include=$PACKAGES "$suite" "$tree" >"$log" 2>&1 || { tail -5 "$log" >&2; exit 1; }
  configure "$tree"
  chroot "$tree" update-initramfs -u >>"$log" 2>&1
  # It boots from the copy made now; packages that ask for a new one only cost minutes.
  sed -i 's/^update_initramfs=.*/update_initramfs=no/' "$tree/etc/initramfs-tools/update-initramfs.conf"
  cp "$tree"/boot/vmlinuz-* "$ROOT/$suite.kernel"
  cp "$tree"/boot/initrd.img-* "$ROOT/$suite.initrd"
  rm -rf "$tree"/var/cache/apt/archives/*.deb
  mke2fs -q -t ext4 -d "$tree" "$ROOT/$suite.raw" 10G
  qemu-img convert -f raw -O qcow2 "$ROOT/$suite.raw" "$ROOT/$suite.disk"
  rm -rf "$tree" "$ROOT/$suite.raw"
  touch "$ROOT/$suite.ready"
}

configure() {
  local t=$1
  echo gantry-vm >"$t/etc/hostname"
  printf '127.0.0.1 localhost gantry-vm\n::1 localhost ip6-localhost ip6-loopback\n' >"$t/etc/hosts"
  echo '/dev/vda / ext4 defaults 0 1' >"$t/etc/fstab"
  echo 'nameserver 10.0.2.3' >"$t/etc/resolv.conf"
  install -d -m 700 "$t/root/.ssh"
  cp "$KEY.pub" "$t/root/.ssh/authorized_keys"
  # As wide a match as some servers have: containers' interfaces must stay out of it all the same.
  printf '[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >"$t/etc/systemd/network/lan.network"
  # The guest trusts the certificate authorities that this host trusts, and checks them as always.
  cp -L /etc/ssl/certs/ca-certificates.crt "$t/etc/ssl/certs/"
  cp -L /usr/local/share/ca-certificates/*.crt "$t/usr/local/share/ca-certificates/" 2>/dev/null || true
  echo NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt >>"$t/etc/environment"
  # Emulated disks are slow, and packages need not survive a power cut before the tests begin.
  echo force-unsafe-io >"$t/etc/dpkg/dpkg.cfg.d/unsafe-io"
  chroot "$t" systemctl enable -q systemd-networkd ssh
  chroot "$t" systemctl mask -q apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online
  sed -i 's/^MODULES=.*/MODULES=list/' "$t/etc/initramfs-tools/initramfs.conf"
  printf 'virtio_pci\nvirtio_blk\nvirtio_net\next4\n' >>"$t/etc/initramfs-tools/modules"
  # npm and apt of the host may be told of mirrors or certificates: the guest gets the same.
  [ -e "$HOME/.npmrc" ] && cp "$HOME/.npmrc" "$t/root/.npmrc"
  local conf
  for conf in /etc/apt/apt.conf.d/*; do
    grep -qiE 'proxy|cainfo|verify' "$conf" && cp "$conf" "$t/etc/apt/apt.conf.d/" || true
  done
}

port() { echo $((23000 + $(cksum <<<"$1" | cut -d' ' -f1) % 7000)); }

guest() {
  local name=$1
  shift
  ssh -i "$KEY" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10 \
    -o ServerAliveInterval=15 -o ControlMaster=auto -o ControlPersist=600 -o ControlPath="$ROOT/$name.ctl" \
    -p "$(port "$name")" root@127.0.0.1 "$@"
}

alive() { [ -e "$ROOT/$1.pid" ] && kill -0 "$(cat "$ROOT/$1.pid")" 2>/dev/null; }

up() {
  local suite=$1 name=$2 from=${3:-$1}
  setup "$suite"
  alive "$name" && return
  [ -e "$ROOT/$name.qcow2" ] || qemu-img create -q -f qcow2 -b "$ROOT/$from.disk" -F qcow2 "$ROOT/$name.qcow2"
  echo "$suite" >"$ROOT/$name.suite"
  qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m "$MEMORY" -nodefaults -no-reboot -display none -daemonize \
    -pidfile "$ROOT/$name.pid" -serial "file:$ROOT/$name.console" -kernel "$ROOT/$suite.kernel" -initrd "$ROOT/$suite.initrd" \
    -append "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off ${APPEND:-}" \
    -drive "file=$ROOT/$name.qcow2,if=virtio,cache=writeback" -device virtio-rng-pci \
    -netdev "user,id=lan,hostfwd=tcp:127.0.0.1:$(port "$name")-:22" -device virtio-net-pci,netdev=lan
  local _
  for _ in $(seq 180); do
    guest "$name" true 2>/dev/null && return
    alive "$name" || break
    sleep 1
  done
  echo "machine $name does not answer; its console:" >&2
  tail -20 "$ROOT/$name.console" >&2
  exit 1
}

cut_power() {
  local pid
  pid=$(cat "$ROOT/$1.pid")
  kill -9 "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  rm -f "$ROOT/$1.pid" "$ROOT/$1.ctl"
}

off() {
  alive "$1" || return 0
  guest "$1" 'systemctl poweroff' 2>/dev/null || true
  local _
  for _ in $(seq 85); do alive "$1" || break; sleep 1; done
  # systemd's own timeouts begin at 90 s: nothing of ours may make it wait for them.
  if alive "$1"; then
    cut_power "$1"
    echo "machine $1 did not shut down within 85 s" >&2
    return 1
  fi
  rm -f "$ROOT/$1.pid" "$ROOT/$1.ctl"
}

case ${1:-} in
  setup) setup "$2" ;;
  up) up "$2" "$3" "${4:-$2}" ;;
  in) name=$2; shift 2; guest "$name" "$@" ;;
  put) tar -C "$(dirname "$3")" -c "$(basename "$3")" | guest "$2" "mkdir -p '$4' && tar -C '$4' -x" ;;
  snapshot) off "$2"; qemu-img convert -O qcow2 "$ROOT/$2.qcow2" "$ROOT/$3.part"; mv "$ROOT/$3.part" "$ROOT/$3.disk"; rm -f "$ROOT/$2".* ;;
  cut) cut_power "$2" ;;
  off) off "$2" ;;
  rm) alive "$2" && cut_power "$2"; rm -f "$ROOT/$2".qcow2 "$ROOT/$2".suite "$ROOT/$2".console "$ROOT/$2".pid "$ROOT/$2".ctl ;;
  *) sed -n '2,12s/^# \?//p' "$0"; exit 2 ;;
esac
