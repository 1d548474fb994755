#!/bin/bash
# Installs every Debian package that building, testing and showing Waypost
# needs. Quiet; does nothing when all is there; run as root or with sudo.
set -euo pipefail

packages=(
  # Build.
  g++ cmake ninja-build pkg-config ccache mold ca-certificates git
  libuv1-dev libc-ares-dev libflatbuffers-dev flatbuffers-compiler
  libjemalloc-dev libspdlog-dev libexpected-dev libcli11-dev
  nlohmann-json3-dev libxxhash-dev libsqlite3-dev libssl-dev zlib1g-dev
  libcpp-httplib-dev prometheus-cpp-dev
  # Tests and checks.
  doctest-dev libbenchmark-dev clang-format clang-tidy python3 procps dpkg-dev file
  # Real brokers, leases and machines of the demo and of some tests.
  mosquitto libmosquitto-dev etcd-server iproute2 nftables iptables
)

# Node.js for the test with RocketMQ's client for it. Packages of others than
# Debian bring npm along with it and do not go together with Debian's npm.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  packages+=(nodejs npm)
fi

missing=()
find_missing() {
  missing=()
  local package
  for package in "${packages[@]}"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" \
       == installed ]] || missing+=("$package")
  done
}

give_up() {
  echo "setup: $1" >&2
  echo "setup: missing packages: ${missing[*]}" >&2
  exit 1
}

if ! command -v dpkg-query >/dev/null; then
  missing=("${packages[@]}")
  give_up "this is no Debian; install the equivalents by hand"
fi
find_missing
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    give_up "run as root, or install sudo"
  fi
  as_root=(sudo)
fi

# Installing a daemon starts it; nothing here wants one running. A policy of
# the machine's own is left alone.
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
made_policy=no
cleanup() {
  rm -f "$log"
  if [[ $made_policy == yes ]]; then "${as_root[@]}" rm -f "$policy"; fi
}
trap cleanup EXIT
if [[ ! -e $policy ]]; then
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
had=""
for service in mosquitto etcd-server; do
  if [[ ! " ${missing[*]} " == *" $service "* ]]; then had+=" $service "; fi
done

quiet_apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 \
    "$@" >>"$log" 2>&1
}
echo "setup: installing ${missing[*]}"
# The lists may be old or absent; an update that fails in part (a third party's
# mirror is down) is no reason not to try.
quiet_apt update || true
if ! quiet_apt install --yes --no-install-recommends "${missing[@]}"; then
  tail -n 20 "$log" >&2
  find_missing
  give_up "apt-get install failed (Debian 12 has all of them in main)"
fi
# They would start at the next boot; a service that was there before stays as is.
disable_unless_there() {  # package, unit
  if [[ "$had" != *" $1 "* ]] && command -v systemctl >/dev/null; then
    "${as_root[@]}" systemctl disable --quiet "$2" >/dev/null 2>&1 || true
  fi
}
disable_unless_there mosquitto mosquitto
disable_unless_there etcd-server etcd
find_missing
if [[ ${#missing[@]} -ne 0 ]]; then give_up "still incomplete"; fi
