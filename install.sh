#!/bin/sh
# Installs korun for this user. Two ways, one result:
#   sh install.sh          in a checkout: builds it, with the pinned Bun that npm brings
#   curl -fsSL … | sh      anywhere else: downloads the release for this platform and verifies it
#
# KORUN_INSTALL_DIR   where korun goes (~/.local/bin)
# KORUN_BASE_URL      where releases are downloaded from
#
# Nothing is replaced before the new one is whole, verified and runs. All of it is functions, so
# that half a download does nothing.
set -eu

DEFAULT_BASE_URL=https://github.com/korun-dev/korun/releases/latest/download

main() {
  resolve_target
  if in_checkout; then
    build_into "$unfinished"
  else
    download_into "$unfinished"
  fi
  put_in_place
  report
}

# Sets $target, and $unfinished beside it: a rename within one folder is atomic.
resolve_target() {
  folder=${KORUN_INSTALL_DIR:-}
  if [ -z "$folder" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set." "Set KORUN_INSTALL_DIR to a folder on PATH."
    folder=$HOME/.local/bin
  fi
  mkdir -p "$folder" 2>/dev/null || fail "cannot make the folder $folder." "$OTHER_FOLDER"
  folder=$(cd "$folder" && pwd)
  target=$folder/korun
  [ ! -d "$target" ] || fail "$target is a folder." "$OTHER_FOLDER"
  unfinished=$(mktemp "$folder/.korun.XXXXXX" 2>/dev/null) ||
    fail "cannot write to the folder $folder." "$OTHER_FOLDER"
}

clean_up() {
  [ -z "$unfinished" ] || rm -f "$unfinished" "$unfinished.sums"
}

OTHER_FOLDER="Set KORUN_INSTALL_DIR to a folder that you can write and that is on PATH."

# Whether this script is a file of a checkout. When it is piped, $0 is the shell.
in_checkout() {
  case $0 in
    install.sh | */install.sh) ;;
    *) return 1 ;;
  esac
  checkout=$(dirname "$0")
  [ -f "$0" ] && [ -f "$checkout/scripts/setup.sh" ] &&
    grep -q '"name": "korun"' "$checkout/package.json" 2>/dev/null
}

build_into() {
  sh "$checkout/scripts/setup.sh" || fail "cannot bring the tools of the build." "See above."
  say "building korun"
  # Bun would keep what it compiles on the way in ~/.bun.
  BUN_RUNTIME_TRANSPILER_CACHE_PATH=0 \
    "$checkout/node_modules/.bin/bun" "$checkout/scripts/build.ts" >&2 ||
    fail "the build failed." "See above."
  cp "$checkout/dist/korun" "$1" || fail "cannot copy korun to $folder." "Is the disk full?"
}

download_into() {
  platform=$(name_platform)
  base=${KORUN_BASE_URL:-$DEFAULT_BASE_URL}
  base=${base%/}
  asset=korun-$platform
  say "downloading $base/$asset"
  fetch "$base/SHA256SUMS" "$1.sums"
  wanted=$(awk -v name="$asset" '$2 == name || $2 == "*" name { print $1; exit }' "$1.sums")
  [ -n "$wanted" ] || fail "this release has no korun for $platform." "$FROM_SOURCE"
  fetch "$base/$asset" "$1"
  found=$(checksum "$1")
  [ "$found" = "$wanted" ] || fail "the checksum of $asset is wrong: it is
  $found, wanted
  $wanted." "Try again; if it stays so, do not use this download."
}

FROM_SOURCE="Build it instead: run sh install.sh in a checkout of korun (needs npm)."

# linux-x64, linux-arm64, linux-x64-musl, linux-arm64-musl, darwin-x64 or darwin-arm64.
name_platform() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    MINGW* | MSYS* | CYGWIN*)
      fail "korun does not run on Windows itself." "Install it in WSL." ;;
    *) fail "there is no korun for $system." "$FROM_SOURCE" ;;
  esac
  case $machine in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no korun for $system on $machine." "$FROM_SOURCE" ;;
  esac
  # A shell under Rosetta calls itself x86_64.
  if [ "$os-$arch" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    arch=arm64
  fi
  if [ "$os" = linux ] && uses_musl; then
    echo "$os-$arch-musl"
  else
    echo "$os-$arch"
  fi
}

# A machine may have both; what its own tools were built with decides.
uses_musl() {
  if getconf GNU_LIBC_VERSION >/dev/null 2>&1; then return 1; fi
  case $(ldd --version 2>&1 || true) in
    *musl*) return 0 ;;
    *GLIBC* | *GNU*) return 1 ;;
  esac
  for loader in /lib/ld-musl-*; do
    [ -e "$loader" ] && return 0
  done
  return 1
}

fetch() {
  if has curl; then
    case $1 in
      https:*) set -- "$1" "$2" --proto '=https' ;;
      *) set -- "$1" "$2" --proto '=http,https' ;;
    esac
    url=$1 file=$2
    shift 2
    curl "$@" -fsSL --connect-timeout 20 --retry 2 -o "$file" "$url" || cannot_fetch "$url"
  elif has wget; then
    wget -q -O "$2" "$1" || cannot_fetch "$1"
  else
    fail "neither curl nor wget is on PATH." "Install one of them, then run this again."
  fi
}

cannot_fetch() {
  fail "cannot download $1." \
    "Check the network and KORUN_BASE_URL, then run this again. $FROM_SOURCE"
}

checksum() {
  if has sha256sum; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
  else
    fail "cannot verify the download: sha256sum, shasum and openssl are missing." \
      "Install one of them, then run this again."
  fi
}

# An older korun may be running: its file is left alone, only its name now means the new one.
put_in_place() {
  chmod 755 "$unfinished"
  version=$("$unfinished" --version 2>"$unfinished.sums") || fail "the new korun does not run here:
$(head -n 5 "$unfinished.sums")" "On Alpine, run: apk add libstdc++. $FROM_SOURCE"
  mv -f "$unfinished" "$target" || fail "cannot replace $target." "$OTHER_FOLDER"
}

report() {
  say "installed $target ($version)"
  case ":$PATH:" in
    *":$folder:"*)
      first=$(command -v korun || true)
      [ "$first" = "$target" ] || say "note: another korun comes first on PATH: $first"
      ;;
    *)
      say "note: $folder is not on PATH. Add this line to your shell's profile:"
      say "  export PATH=\"$folder:\$PATH\""
      ;;
  esac
  say "try: korun serve --name hello -- sh -c 'while date; do sleep 1; done'"
}

has() { command -v "$1" >/dev/null 2>&1; }

say() { printf 'korun: %s\n' "$1"; }

# Both what failed and the remedy; what was installed before is still there.
fail() {
  printf 'korun: %s\nNothing was changed. %s\n' "$1" "$2" >&2
  exit 1
}

# Here and not in a function, at whose end zsh would clean up already.
unfinished=
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
main "$@"
