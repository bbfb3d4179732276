#!/bin/bash
# Sets Gantry up on this Debian host and runs a first container.
#   ./quickstart.sh              install what is missing, start gantryd if none runs, run a container, fetch its page
#   ./quickstart.sh --setup      only install what is missing and build
#   ./quickstart.sh --uninstall  remove containers, images, units, mounts, links, firewall table, cgroups and files
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
HERE=$PWD
SOCKET=/run/gantry/gantry.sock
PIDFILE=/run/gantry/gantryd.pid
MOUNTED=/var/lib/gantry/mounted-cgroups
NAME=gantry-hello

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { echo "quickstart: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "run it as root (for example: sudo $0 $*)"
[ "$(uname -s)" = Linux ] || die "Gantry runs on Linux"

# Whether what is piped in has a line like this. Unlike grep -q it reads to the end, so that no writer is broken off.
has() { grep "$@" >/dev/null; }

has_npm() { command -v npm >/dev/null && [ "$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -ge 18 ]; }

install_packages() {
  local need=()
  command -v crun >/dev/null || need+=(crun)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || need+=(ca-certificates)
  ldconfig -p | has libnftables.so.1 || need+=(libnftables1)
  ldconfig -p | has libseccomp.so.2 || need+=(libseccomp2)
  ldconfig -p | has libatomic.so.1 || need+=(libatomic1)
  command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || need+=(gcc libc6-dev)
  command -v make >/dev/null || need+=(make)
  command -v ps >/dev/null || need+=(procps)
  [ -e /bin/busybox ] && /bin/busybox --list | has -x httpd || need+=(busybox-static)
  [ ${#need[@]} = 0 ] && return
  say "Installing ${need[*]}"
  command -v apt-get >/dev/null || die "this host has no apt-get: install these another way, and Node.js >= 18 with npm"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}

install_modules() {
  local stamp=node_modules/.installed
  [ -d node_modules/koffi ] && [ ! package-lock.json -nt "$stamp" ] && return
  # Somebody may have run npm here.
  [ -d node_modules/koffi ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] && return
  say "Installing npm packages (the pinned Node.js among them)"
  if ! tools/fetch-modules.sh; then
    has_npm || die "install Node.js >= 18 with npm, and run it again: npm may know another way to its registry"
    npm ci --ignore-scripts --no-fund --no-audit --omit=dev --loglevel=error
    # npm 9 leaves this one out.
    mkdir -p node_modules/.bin
    ln -sfn "../$(cd node_modules && echo node-linux-*)/bin/node" node_modules/.bin/node
  fi
  touch "$stamp"
}

# The native parts, and what starts quickly in place of the sources. A newer folder is one that a file is gone from.
build() {
  make -s -C native
  [ -x build/gantry ] && [ -e build/daemon/gantryd.js ] &&
    [ -z "$(find src tools package.json -newer build/daemon/gantryd.js ! -name '*.test.ts' -print -quit)" ] && return
  node_modules/.bin/node tools/bundle.ts >/dev/null
}

# A host without systemd may lack the cgroup file systems. What is mounted here is noted for --uninstall.
mount_cgroups() {
  local root=/sys/fs/cgroup c
  if ! mountpoint -q $root; then
    if ! has ' cgroup ' </proc/mounts && mount -t cgroup2 cgroup2 $root 2>/dev/null; then
      echo $root >>"$MOUNTED"
      return
    fi
    mount -t tmpfs -o mode=755 cgroup $root
    echo $root >>"$MOUNTED"
  fi
  [ -e $root/cgroup.controllers ] && return
  for c in $(awk '!/^#/ && $4 == 1 {print $1}' /proc/cgroups); do
    has -E "^[^ ]+ [^ ]+ cgroup [^ ]*\b$c\b" </proc/mounts && continue
    mkdir -p "$root/$c"
    if mount -t cgroup -o "$c" "$c" "$root/$c" 2>/dev/null; then echo "$root/$c" >>"$MOUNTED"; else rmdir "$root/$c" 2>/dev/null || true; fi
  done
}

unmount_cgroups() {
  [ -e "$MOUNTED" ] || return 0
  local folder
  for folder in $(tac "$MOUNTED"); do
    mountpoint -q "$folder" || continue
    umount "$folder" || echo "quickstart: $folder is still in use" >&2
    [ "$folder" = /sys/fs/cgroup ] || rmdir "$folder" 2>/dev/null || true
  done
}

install_units() {
  local unit
  for unit in gantry gantry-containers; do
    sed "s|@GANTRY@|$HERE|" "packaging/systemd/$unit.service" >"/etc/systemd/system/$unit.service"
  done
  systemctl daemon-reload
  systemctl enable -q gantry.service gantry-containers.service
  mkdir -p /etc/systemd/network
  cp packaging/systemd/01-gantry.network /etc/systemd/network/
  reload_networkd
}

reload_networkd() { if systemctl is-active -q systemd-networkd; then networkctl reload; fi; }

answers() { [ -S "$SOCKET" ] && bin/gantry version >/dev/null 2>&1; }

start_daemon() {
  answers && return
  say "Starting gantryd"
  mkdir -p /run/gantry /var/lib/gantry
  ln -sfn "$HERE/bin/gantry" /usr/local/bin/gantry
  ln -sfn "$HERE/bin/gantryd" /usr/local/bin/gantryd
  if [ -d /run/systemd/system ]; then
    install_units
    # A start that fails is tried again by systemd itself: whether it serves is seen below.
    systemctl start gantry.service gantry-containers.service || true
  else
    mount_cgroups
    setsid -f bin/gantryd >>/var/log/gantryd.log 2>&1 </dev/null
  fi
  for _ in $(seq 300); do answers && return; sleep 0.1; done
  die "gantryd does not answer; see $([ -d /run/systemd/system ] && echo 'journalctl -u gantry' || echo /var/log/gantryd.log)"
}

make_image() {
  [ -n "$(bin/gantry images -q gantry/hello)" ] && return
  say "Building the image gantry/hello from busybox"
  local context
  context=$(mktemp -d)
  cp /bin/busybox "$context/busybox"
  echo '<h1>Hello from a Gantry container</h1>' >"$context/index.html"
  cat >"$context/Dockerfile" <<'DOCKERFILE'
FROM scratch
COPY busybox /bin/
COPY index.html /www/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
RUN mkdir -p /etc /tmp && echo 'root:x:0:0:root:/:/bin/sh' >/etc/passwd
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
DOCKERFILE
  bin/gantry build -t gantry/hello "$context"
  rm -rf "$context"
}

free_port() {
  local port
  for port in $(seq 8080 8180); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }; done
  die "no free port between 8080 and 8180"
}

# Bash itself asks: a bare Debian has no other client, and the wget of a static busybox may crash over names.
fetch() {
  timeout 3 bash -c 'exec 3<>/dev/tcp/localhost/$0 && printf "GET / HTTP/1.0\r\n\r\n" >&3 && grep -A9 "^<" <&3' "$1" 2>/dev/null
}

run_container() {
  if [ -z "$(bin/gantry ps -aq --filter "name=^/?$NAME\$")" ]; then
    say "Running a container with a published port"
    bin/gantry run -d --name "$NAME" -p "$(free_port):80" gantry/hello
  elif [ -z "$(bin/gantry ps -q --filter "name=^/?$NAME\$")" ]; then
    bin/gantry start "$NAME"
  fi
  local address
  address=$(bin/gantry inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' "$NAME")
  say "Fetching http://localhost:$address/"
  local page last=$((SECONDS + 20))
  until page=$(fetch "$address"); do
    [ $SECONDS -lt $last ] || die "no answer; see gantry logs $NAME"
    sleep 0.2
  done
  echo "$page"
  say "gantry ps"
  bin/gantry ps
}

next_steps() {
  cat <<TEXT

Try next:
  gantry run -it --rm gantry/hello sh
  gantry logs $NAME; gantry exec $NAME ps; gantry rm -f $NAME
  DOCKER_HOST=unix://$SOCKET docker ps        (any Docker client)
To stop the daemon:  $([ -d /run/systemd/system ] && echo 'systemctl stop gantry' || echo "kill \$(cat $PIDFILE)")   (containers live on)
To remove everything: $0 --uninstall
TEXT
}

stop_daemon() {
  if [ -d /run/systemd/system ]; then
    systemctl disable -q --now gantry.service 2>/dev/null || true
    return
  fi
  [ -e "$PIDFILE" ] || return 0
  local pid
  pid=$(cat "$PIDFILE")
  grep -qa gantryd "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid"
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  die "gantryd ($pid) does not stop"
}

uninstall() {
  say "Removing Gantry from this host"
  stop_daemon
  [ -x node_modules/.bin/node ] && bin/gantryd --purge
  if [ -d /run/systemd/system ]; then
    systemctl disable -q --now gantry-containers.service 2>/dev/null || true
    rm -f /etc/systemd/system/gantry.service /etc/systemd/system/gantry-containers.service /etc/systemd/network/01-gantry.network
    systemctl daemon-reload
    systemctl reset-failed gantry.service 2>/dev/null || true
    reload_networkd
  fi
  rm -f /usr/local/bin/gantry /usr/local/bin/gantryd /var/log/gantryd.log
  unmount_cgroups
  rm -rf /run/gantry /var/lib/gantry /var/cache/gantry
  echo "Gone. Debian packages and $HERE are left as they are."
}

case ${1:-} in
  --uninstall) uninstall ;;
  --setup) install_packages; install_modules; build ;;
  '') install_packages; install_modules; build; start_daemon; make_image; run_container; next_steps ;;
  *) sed -n '2,6s/^# \?//p' "$0"; exit 2 ;;
esac
