#!/bin/bash
# Installs into node_modules what package-lock.json names, as `npm ci --ignore-scripts` does, without npm: apt's own
# download tool fetches the packages and checks their sha512. Debian's npm would bring some 370 packages for this.
#   tools/fetch-modules.sh         what the engine needs at run time, the pinned Node.js among it
#   tools/fetch-modules.sh --dev   what its development needs too
#   tools/fetch-modules.sh --in DIR   all that the package-lock.json of this folder names, into a node_modules beside it
# The registry is npm's setting (npm_config_registry, .npmrc), else npm's default.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
HELPER=/usr/lib/apt/apt-helper
[ -x $HELPER ] || { echo "fetch-modules: this host has no apt; install Node.js >= 18 with npm" >&2; exit 1; }

FILTER=${1:-}
if [ "$FILTER" = --in ]; then
  cd "$2"
  FILTER=--dev
fi

# What npm would ask: its settings, else the default that Debian's npm package carries.
registry() {
  local from_files url
  from_files=$(cat .npmrc "$HOME/.npmrc" /etc/npmrc 2>/dev/null | sed -n 's/^ *registry *= *//p' | head -1)
  url=${npm_config_registry:-$from_files}
  [ -n "$url" ] || url=$(npm config get registry 2>/dev/null) || url=$(registry_of_debian)
  [ -n "$url" ] || { echo "fetch-modules: no registry is configured for npm" >&2; return 1; }
  echo "${url%/}"
}

registry_of_debian() {
  local folder
  folder=$(mktemp -d)
  # Where npm keeps its definitions differs between its versions.
  (cd "$folder" && apt-get download -qq npm 2>/dev/null && dpkg-deb -x npm_*.deb . || true)
  find "$folder" -name definitions.js -exec sed -n "s/^ *default: '\(https:[^']*registry[^']*\)'.*/\1/p" {} + | head -n 1
  rm -rf "$folder"
}

case $(uname -m) in x86_64) CPU=x64 ;; aarch64) CPU=arm64 ;; *) CPU=$(uname -m) ;; esac

# A line for each package that this machine needs: folder, version, sha512 in base64, its name, its programs as name=path,…
packages() {
  awk -v cpu="$CPU" -v dev="${1:-}" '
    function fits(list, mine) { return list == "" || index(list, " " mine " ") || (index(list, "!") && !index(list, "!" mine " ")) }
    function flush() {
      if (folder != "" && (!is_dev || dev) && fits(of["os"], "linux") && fits(of["cpu"], cpu) && fits(of["libc"], "glibc"))
        print folder "\t" version "\t" integrity "\t" name "\t" bins
    }
    { gsub(/^ +|,$/, "", $0) }
    /^"node_modules\/.*": \{$/ {
      flush(); split($0, part, "\""); folder = name = part[2]; sub(/.*node_modules\//, "", name); version = integrity = bins = key = ""; is_dev = 0; delete of; next
    }
    folder == "" { next }
    key == "" && /^"name": / { split($0, part, "\""); name = part[4]; next }
    /^"version": / { split($0, part, "\""); version = part[4]; next }
    /^"integrity": / { split($0, part, "\""); integrity = part[4]; sub(/^sha512-/, "", integrity); next }
    /^"dev": true/ { is_dev = 1; next }
    /^"(os|cpu|libc)": "/ { split($0, part, "\""); of[part[2]] = " " part[4] " "; next }
    /^"(os|cpu|libc)": \[$/ { split($0, part, "\""); key = part[2]; of[key] = " "; next }
    /^"bin": \{$/ { key = "bin"; next }
    /^[\]}]/ { key = ""; next }
    key == "bin" { split($0, part, "\""); bins = bins part[2] "=" part[4] ","; next }
    key != "" { split($0, part, "\""); of[key] = of[key] part[2] " " }
    END { flush() }' package-lock.json
}

fetch() {
  local base requests=() folder version integrity name _
  base=$(registry)
  while IFS=$'\t' read -r folder version integrity name _; do
    local hex
    hex=$(base64 -d <<<"$integrity" | od -An -v -tx1 | tr -d ' \n')
    [ ${#hex} = 128 ] || { echo "fetch-modules: package-lock.json has no sha512 of $name" >&2; exit 1; }
    requests+=("$base/$name/-/${name##*/}-$version.tgz" "$FETCHED/$(key "$folder")" "SHA512:$hex")
  done <"$FETCHED/list"
  $HELPER -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download-file "${requests[@]}" >/dev/null
}

key() { echo "${1//\//%}.tgz"; }

unpack() {
  local folder bins bin _
  while IFS=$'\t' read -r folder _ _ _ bins; do
    mkdir -p "$FETCHED/$folder"
    tar --warning=no-unknown-keyword -xzf "$FETCHED/$(key "$folder")" -C "$FETCHED/$folder" --strip-components=1 --no-same-owner --no-same-permissions
    for bin in ${bins//,/ }; do
      chmod 755 "$FETCHED/$folder/${bin#*=}"
      mkdir -p "$FETCHED/node_modules/.bin"
      ln -sfn "../${folder#node_modules/}/${bin#*=}" "$FETCHED/node_modules/.bin/${bin%%=*}"
    done
  done <"$FETCHED/list"
}

FETCHED=$PWD/node_modules.part
rm -rf "$FETCHED"
mkdir -p "$FETCHED"
trap 'rm -rf "$FETCHED"' EXIT
packages "$FILTER" >"$FETCHED/list"
fetch
unpack
rm -rf node_modules
mv "$FETCHED/node_modules" node_modules
