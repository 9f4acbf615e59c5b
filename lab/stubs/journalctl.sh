#!/bin/sh
# As much of journalctl(1) as the tests need: $HOME/journal holds a JSON object a line.
printf 'journalctl %s\n' "$*" >>"$HOME/argv.log"
lines=1000000 unit= grep=
while [ $# -gt 0 ]; do
    case "$1" in
    -u | --unit) unit=$2 && shift ;;
    --unit=*) unit=${1#*=} ;;
    -u?*) unit=${1#-u} ;;
    -n | --lines) lines=$2 && shift ;;
    --lines=*) lines=${1#*=} ;;
    -n?*) lines=${1#-n} ;;
    -g | --grep) grep=$2 && shift ;;
    --grep=*) grep=${1#*=} ;;
    -o | --output | -p | --priority | -S | --since | -U | --until) shift ;;
    esac
    shift
done
touch "$HOME/journal"
tac "$HOME/journal" |
    { if [ -n "$unit" ]; then command grep -F "\"_SYSTEMD_UNIT\":\"$unit\""; else cat; fi; } |
    { if [ -n "$grep" ]; then command grep -e "$grep"; else cat; fi; } |
    head -n "$lines" | tac
exit 0
