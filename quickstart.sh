#!/bin/bash
# Sets Gantry up on this Debian host and runs a first container.
#   ./quickstart.sh              install what is missing, start gantryd if none runs, run a container, fetch its page
#   ./quickstart.sh --setup      only install what is missing and build
#   ./quickstart.sh --uninstall  remove containers, images, units, mounts, links, firewall table, cgroups and files
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
HERE=$PWD
SOCKET=/run/gantry/gantry.sock
NAME=gantry-hello

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { echo "quickstart: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "run it as root (for example: sudo $0 $*)"
[ "$(uname -s)" = Linux ] || die "Gantry runs on Linux"

has_node() { command -v npm >/dev/null && command -v node >/dev/null && [ "$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -ge 18 ]; }

install_packages() {
  command -v apt-get >/dev/null || die "this host has no apt-get: install crun, libnftables1, libatomic1, gcc, make, busybox-static, Node.js >= 18 and npm, then run it again"
  local need=()
  command -v crun >/dev/null || need+=(crun)
  ldconfig -p | grep -q libnftables.so.1 || need+=(libnftables1)
  ldconfig -p | grep -q libseccomp.so.2 || need+=(libseccomp2)
  ldconfig -p | grep -q libatomic.so.1 || need+=(libatomic1)
  command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || need+=(gcc libc6-dev)
  command -v make >/dev/null || need+=(make)
  [ -e /bin/busybox ] && /bin/busybox --list | grep -qx httpd || need+=(busybox-static)
  has_node || need+=(nodejs npm)
  [ ${#need[@]} = 0 ] && return
  say "Installing ${need[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates "${need[@]}" >/dev/null
}

install_modules() {
  local stamp=node_modules/.package-lock.json
  [ -e "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && [ -d node_modules/koffi ] && return
  say "Installing npm packages (the pinned Node.js among them)"
  npm ci --ignore-scripts --no-fund --no-audit --omit=dev --loglevel=error
  touch "$stamp"
}

build() { make -s -C native; }

# A host without systemd may lack the cgroup file systems.
mount_cgroups() {
  [ -e /sys/fs/cgroup/cgroup.controllers ] && return
  mountpoint -q /sys/fs/cgroup || mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  local c
  for c in $(awk '!/^#/ && $4 == 1 {print $1}' /proc/cgroups); do
    grep -qE "^[^ ]+ [^ ]+ cgroup [^ ]*\b$c\b" /proc/mounts && continue
    mkdir -p "/sys/fs/cgroup/$c"
    mount -t cgroup -o "$c" "$c" "/sys/fs/cgroup/$c" 2>/dev/null && echo "$c" >>"$MOUNTED" || rmdir "/sys/fs/cgroup/$c" 2>/dev/null || true
  done
}

answers() { [ -S "$SOCKET" ] && bin/gantry version >/dev/null 2>&1; }

start_daemon() {
  answers && return
  say "Starting gantryd"
  mkdir -p /run/gantry /var/lib/gantry
  MOUNTED=/run/gantry/mounted-cgroups
  mount_cgroups
  ln -sfn "$HERE/bin/gantry" /usr/local/bin/gantry
  ln -sfn "$HERE/bin/gantryd" /usr/local/bin/gantryd
  if [ -d /run/systemd/system ]; then
    local unit
    for unit in gantry gantry-containers; do
      sed "s|@GANTRY@|$HERE|" "packaging/systemd/$unit.service" >"/etc/systemd/system/$unit.service"
    done
    systemctl daemon-reload
    systemctl enable -q --now gantry.service gantry-containers.service
  else
    mkdir -p /var/log
    setsid -f bin/gantryd >>/var/log/gantryd.log 2>&1 </dev/null
  fi
  for _ in $(seq 300); do answers && return; sleep 0.1; done
  die "gantryd does not answer; see $([ -d /run/systemd/system ] && echo 'journalctl -u gantry' || echo /var/log/gantryd.log)"
}

make_image() {
  [ -n "$(bin/gantry images -q gantry/hello)" ] && return
  say "Making the image gantry/hello from busybox"
  local root
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,www,tmp,etc}
  cp /bin/busybox "$root/bin/busybox"
  local applet
  for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  echo '<h1>Hello from a Gantry container</h1>' >"$root/www/index.html"
  tar -C "$root" -c . | bin/gantry import -c 'ENV PATH=/bin' -c 'CMD ["httpd", "-f", "-p", "80", "-h", "/www"]' - gantry/hello
  rm -rf "$root"
}

free_port() {
  local port
  for port in $(seq 8080 8180); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }; done
  die "no free port between 8080 and 8180"
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
  for _ in $(seq 50); do /bin/busybox wget -q -O - "http://localhost:$address/" 2>/dev/null && break; sleep 0.1; done
  say "gantry ps"
  bin/gantry ps
}

next_steps() {
  cat <<TEXT

Try next:
  gantry run -it --rm gantry/hello sh
  gantry logs $NAME; gantry exec $NAME ps; gantry rm -f $NAME
  DOCKER_HOST=unix://$SOCKET docker ps        (any Docker client)
To stop the daemon:  $([ -d /run/systemd/system ] && echo 'systemctl stop gantry' || echo 'kill $(cat /run/gantry/gantryd.pid)')   (containers live on)
To remove everything: $0 --uninstall
TEXT
}

uninstall() {
  say "Removing Gantry from this host"
  [ -d /run/systemd/system ] && systemctl disable -q --now gantry-containers.service gantry.service 2>/dev/null || true
  [ -x node_modules/.bin/node ] && bin/gantryd --purge
  rm -f /etc/systemd/system/gantry.service /etc/systemd/system/gantry-containers.service
  [ -d /run/systemd/system ] && systemctl daemon-reload
  rm -f /usr/local/bin/gantry /usr/local/bin/gantryd /var/log/gantryd.log
  if [ -e /run/gantry/mounted-cgroups ]; then
    while read -r c; do umount "/sys/fs/cgroup/$c" && rmdir "/sys/fs/cgroup/$c"; done </run/gantry/mounted-cgroups || true
  fi
  rm -rf /run/gantry /var/lib/gantry /var/cache/gantry
  echo "Gone. Debian packages and $HERE are left as they are."
}

case ${1:-} in
  --uninstall) uninstall ;;
  --setup) install_packages; install_modules; build ;;
  '') install_packages; install_modules; build; start_daemon; make_image; run_container; next_steps ;;
  *) sed -n '2,6s/^# \?//p' "$0"; exit 2 ;;
esac
