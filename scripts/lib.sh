# shellcheck shell=sh
# Sourced by the other scripts, which set $root (the checkout) before.
# Everything written for people goes to stderr: stdout belongs to the program that is run.

NODE_VERSION=24.21.0
PNPM_VERSION=12.21.0
# Nodes the packed tarball is tried on: the oldest that is supported, and one that is too old.
TEST_NODES='22.14:22.14.0 20:20.20.2'

tools=$root/.tools
cache=$root/.cache

say() { printf 'codepiper: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# The platform as npm names it: linux-x64, darwin-arm64, …
platform() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) os=$(uname -s | tr '[:upper:]' '[:lower:]') ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) cpu=$(uname -m) ;;
  esac
  printf '%s-%s\n' "$os" "$cpu"
}

is_musl() { [ "$(uname -s)" = Linux ] && ! getconf GNU_LIBC_VERSION >/dev/null 2>&1; }

# Prints the path of a Node when it can run the project and its tools: 22.14 or newer, even majors only
# (the test runner and the import checker refuse the odd ones).
usable_node() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    if (a % 2 === 0 && (a > 22 || (a === 22 && b >= 14))) console.log(process.execPath);' 2>/dev/null
}

# Sets $node from what setup last chose, without starting it. Fails when setup has to run first.
known_node() {
  node=
  [ -f "$cache/node" ] && IFS= read -r node <"$cache/node"
  [ -n "$node" ] && [ -x "$node" ]
}

# Puts the project's Node, pnpm and development programs first on PATH; sets $node. Setup must have run.
use_tools() {
  known_node || die "the set-up is incomplete: run $root/scripts/setup"
  PATH=${node%/*}:$root/node_modules/.bin:$PATH
  [ -d "$tools/pnpm/bin" ] && PATH=$tools/pnpm/bin:$PATH
  export PATH
}

# Runs one of our TypeScript files as it is. Node 22.14 strips types only when told to.
run_ts() {
  "$node" --experimental-strip-types --disable-warning=ExperimentalWarning --conditions=source "$@"
}

# One number for the contents and the names of the given files and folders (relative to $root).
hash_of() {
  (cd "$root" && find "$@" -type f ! -path '*/node_modules/*' ! -path '*/.types/*' -exec cksum {} + 2>/dev/null |
    LC_ALL=C sort -k 3 | cksum)
}

# The packages that make up the published program. Its bundle is stale when one of these changes.
BUNDLE_SOURCES='packages/core packages/providers packages/client packages/daemon packages/cli packages/web scripts/build.ts scripts/build-web.ts pnpm-lock.yaml'

bundle_hash() {
  # shellcheck disable=SC2086
  (cd "$root" && find $BUNDLE_SOURCES -type d \( -name node_modules -o -name .types -o -name dist -o -name test \) -prune \
    -o -type f ! -name '*.test.ts' -exec cksum {} + 2>/dev/null | LC_ALL=C sort -k 3 | cksum)
}

# Whether packages/cli/dist was built from exactly these sources; if so the stamp is dated anew, since the
# launcher compares dates. The date is taken before the sources are read: what is saved meanwhile is newer.
bundle_is_fresh() {
  [ -d "$cache" ] || mkdir -p "$cache"
  stamp=$cache/build.stamp.$$
  bundle_hash >"$stamp"
  if [ -f "$root/packages/cli/dist/main.cjs" ] && [ -f "$root/packages/cli/dist/web/index.html" ] && cmp -s "$stamp" "$cache/build.stamp"; then
    mv "$stamp" "$cache/build.stamp"
    return 0
  fi
  rm -f "$stamp"
  return 1
}

# Builds packages/cli/dist unless it is fresh. The lock must be held.
build_bundle() {
  bundle_is_fresh && return 0
  say 'building …'
  stamp=$cache/build.stamp.$$
  bundle_hash >"$stamp"
  if ! run_ts "$root/scripts/build.ts" >&2; then
    rm -f "$stamp"
    return 1
  fi
  mv "$stamp" "$cache/build.stamp"
}

# Writes codepiper-<version>.tgz, and no older one beside it, into a folder (absolute). pnpm puts the catalog's
# versions in the place of `catalog:`.
pack_package() {
  rm -f "$1"/codepiper-*.tgz
  (cd "$root/packages/cli" && pnpm pack --pack-destination "$1" >/dev/null)
}

# One writer at a time in this checkout: waits for a living holder, clears away a dead one.
lock_dir=$tools/.lock
lock() {
  mkdir -p "$tools" 2>/dev/null || true
  waited=0
  [ -w "$tools" ] || die "$tools cannot be written by $(id -un): run this as the owner of the checkout"
  until mkdir "$lock_dir" 2>/dev/null; do
    holder=$(cat "$lock_dir/pid" 2>/dev/null) || holder=
    if [ -n "$holder" ] && ! alive "$holder"; then
      break_lock "$holder"
      continue
    fi
    # No pid yet: its owner is between two commands, or was killed there.
    if [ -z "$holder" ] && [ -n "$(find "$lock_dir" -prune -mmin +1 2>/dev/null)" ]; then
      break_lock ''
      continue
    fi
    [ "$waited" -ne 0 ] || say "waiting for another set-up of this checkout (pid ${holder:-unknown}) …"
    [ "$waited" -lt 1800 ] || die "pid ${holder:-unknown} has held $lock_dir for half an hour: end it, or remove that folder"
    waited=$((waited + 1))
    sleep 1
  done
  echo $$ >"$lock_dir/pid"
  trap 'unlock' EXIT
  trap 'unlock; exit 129' HUP
  trap 'unlock; exit 130' INT
  trap 'unlock; exit 143' TERM
}
alive() { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]; }
# Moving is atomic: of several that found the holder dead, one clears the lock away. What was moved is looked
# at again, since between the look and the move a new owner may have come; it is then put back.
break_lock() {
  grave=$lock_dir.$$
  mv "$lock_dir" "$grave" 2>/dev/null || return 0
  if [ "$(cat "$grave/pid" 2>/dev/null)" != "$1" ] && mv "$grave" "$lock_dir" 2>/dev/null; then return 0; fi
  rm -rf "$grave"
}
unlock() {
  trap - EXIT HUP INT TERM
  rm -rf "$lock_dir"
}
