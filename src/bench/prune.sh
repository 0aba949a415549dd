#!/bin/sh
# Makes images without a name, as builds leave them: many small ones, then a last one that holds most of the bytes.
# Each has a layer of its own.
# usage: prune.sh COUNT SMALL_BYTES LAST_BYTES
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
import() {
  head -c "$1" /dev/urandom > "$folder/content"
  tar -C "$folder" -c . | docker import - > /dev/null
}
made=1
while [ "$made" -lt "$1" ]; do
  import "$2"
  made=$((made + 1))
done
import "$3"
