#!/bin/bash
# Installs what the tests need and runs all of them; ends with the test runner's summary.
#   ./test.sh          checks, unit, native, integration, conformance, crash and fuzz tests on this host
#   ./test.sh --ci     the same, then the smoke part on a Debian 13 machine with systemd and cgroup v2
#   ./test.sh --vm     everything that runs on the Debian 12 and 13 machines
#   ./test.sh --arm64  the native parts made for arm64, run by qemu-user
# As root on Debian 12 or 13.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

install_packages() {
  local need=()
  command -v ip >/dev/null || need+=(iproute2)
  command -v nft >/dev/null || need+=(nftables)
  command -v iptables-legacy >/dev/null || need+=(iptables)
  command -v ps >/dev/null || need+=(procps)
  command -v git >/dev/null || need+=(git)
  command -v zstd >/dev/null || need+=(zstd)
  command -v xz >/dev/null || need+=(xz-utils)
  command -v bzip2 >/dev/null || need+=(bzip2)
  [ -x /sbin/mkfs.ext4 ] || need+=(e2fsprogs)
  command -v setfattr >/dev/null || need+=(attr)
  command -v clang >/dev/null || need+=(clang)
  command -v curl >/dev/null || need+=(curl)
  command -v skopeo >/dev/null || need+=(skopeo)
  [ -x /usr/bin/python3 ] || need+=(python3)
  ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a >/dev/null 2>&1 ||
    need+=("$(apt-cache --names-only search '^libclang-rt-[0-9]+-dev$' | sort -V | tail -1 | cut -d' ' -f1)")
  [ ${#need[@]} = 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}

install_arm64() {
  local need=()
  command -v aarch64-linux-gnu-gcc >/dev/null || need+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
  command -v qemu-aarch64 >/dev/null || need+=(qemu-user)
  [ ${#need[@]} = 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}

# The docker CLI, as a client: from the host, else unpacked from Debian's package without installing its engine.
provide_docker_cli() {
  command -v docker >/dev/null && return
  local folder=$PWD/build/docker-cli package
  if [ ! -x "$folder/usr/bin/docker" ]; then
    mkdir -p "$folder"
    package=$(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || echo docker.io)
    (cd "$folder" && apt-get download -qq "$package" && dpkg-deb -x ./*.deb . && rm -f ./*.deb)
  fi
  export PATH=$PATH:$folder/usr/bin
}

prepare() {
  ./quickstart.sh --setup
  install_packages
  provide_docker_cli
  [ -d node_modules/typescript ] || tools/fetch-modules.sh --dev || npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
  export PATH=$PWD/node_modules/.bin:$PATH
  # crun 1.8 refuses hybrid hosts whose hugetlb controller is not mounted.
  if [ ! -e /sys/fs/cgroup/cgroup.controllers ] && ! mountpoint -q /sys/fs/cgroup/hugetlb && grep -q ^hugetlb /proc/cgroups; then
    mkdir -p /sys/fs/cgroup/hugetlb && mount -t cgroup -o hugetlb hugetlb /sys/fs/cgroup/hugetlb
  fi
}

here() {
  rm -f build/failed-tests.json
  make -s -C native test
  node tools/check.ts
  suite || { echo 'Some tests failed, see above; those alone run once more:'; suite; }
}

# Real kernels, processes and clocks: a test that fails is given a second try, in the open. What has passed is not repeated.
suite() {
  node --test --test-concurrency=1 --test-timeout=600000 --test-rerun-failures=build/failed-tests.json \
    'test/{integration,conformance,crash,fuzz}/**/*.test.ts'
}

smoke() { node --test --test-timeout=900000 test/vm/smoke.test.ts; }

prepare
case ${1:-} in
  --vm) node --test --test-concurrency=1 --test-timeout=2400000 test/vm/hosts.test.ts ;;
  --arm64) install_arm64 && node --test --test-timeout=300000 test/arm64/arm64.test.ts ;;
  --ci) here; smoke || { echo 'The machine runs once more:'; smoke; } ;;
  '') here ;;
  *) sed -n '2,8s/^# \?//p' "$0"; exit 2 ;;
esac
