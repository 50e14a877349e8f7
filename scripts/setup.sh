#!/bin/sh
# Brings the pinned tools, Bun among them, into this checkout's node_modules, and nowhere else.
# Does nothing when they are there already. Needs npm.
set -eu
cd "$(dirname "$0")/.."

# What was installed last is what the lockfile says now?
installed=node_modules/.korun-lock

if ! cmp -s package-lock.json "$installed"; then
  if ! command -v npm >/dev/null 2>&1; then
    echo "korun: npm is needed to bring Bun and the build's packages, and is not on PATH." >&2
    echo "Install Node.js 20 or newer (https://nodejs.org), then run this again." >&2
    exit 1
  fi
  echo "korun: installing the packages of package-lock.json into node_modules" >&2
  # Explicit, since a user's npm configuration may leave out either kind.
  npm ci --include=dev --include=optional --no-audit --no-fund --no-update-notifier --loglevel=error >&2
  cp package-lock.json "$installed"
fi

# npm may be told to run no install scripts; Bun's only puts its executable in place.
if ! node_modules/.bin/bun --version >/dev/null 2>&1; then
  node node_modules/bun/install.js >&2 || true
fi
if ! node_modules/.bin/bun --version >/dev/null 2>&1; then
  echo "korun: node_modules/.bin/bun does not run on this machine ($(uname -sm))." >&2
  echo "Remove node_modules and run this again; Bun's own message:" >&2
  node_modules/.bin/bun --version >&2 || true
  exit 1
fi
