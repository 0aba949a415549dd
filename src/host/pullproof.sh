#!/bin/sh
# `pullproof` on a host under test: what an operator would have installed there.
export NODE_COMPILE_CACHE=/var/cache/pullproof
exec /usr/lib/pullproof/node_modules/.bin/node /usr/lib/pullproof/src/cli/main.ts "$@"
