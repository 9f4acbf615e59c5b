#!/bin/sh
# Grants everything, unless the home holds a file `sudo-denies`.
printf 'sudo %s\n' "$*" >>"$HOME/argv.log"
if [ -e "$HOME/sudo-denies" ]; then
    echo 'sudo: a password is required' >&2
    exit 1
fi
while :; do
    case "$1" in
    -n) shift ;;
    --) shift && break ;;
    *) break ;;
    esac
done
exec "$@"
