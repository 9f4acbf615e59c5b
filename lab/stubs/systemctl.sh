#!/bin/sh
# As much of systemctl(1) as the tests need. $HOME/units/NAME: the active state.
printf 'systemctl %s\n' "$*" >>"$HOME/argv.log"
store="$HOME/units"
mkdir -p "$store"

command= names= only= types= properties=
while [ $# -gt 0 ]; do
    case "$1" in
    --failed | --state=failed) only=failed ;;
    --state=*) only=${1#*=} ;;
    --type=*) types=${1#*=} ;;
    -t | --type) types=$2 && shift ;;
    --property=*) properties=${1#*=} ;;
    -p | --property) properties=$2 && shift ;;
    -o | --output | -n | --lines) shift ;;
    -*) ;;
    *) if [ -z "$command" ]; then command=$1; else names="$names $1"; fi ;;
    esac
    shift
done
command=${command:-list-units}

sub_of() {
    case "$1" in
    active) echo running ;;
    failed) echo failed ;;
    *) echo dead ;;
    esac
}

full() {
    case "$1" in
    *.*) echo "$1" ;;
    *) echo "$1.service" ;;
    esac
}

missing() {
    echo "Failed to $command $1: Unit $1 not found." >&2
    exit 5
}

case "$command" in
list-units)
    comma=
    printf '['
    for file in "$store"/*; do
        [ -f "$file" ] || continue
        name=${file##*/}
        read -r active <"$file"
        [ -n "$only" ] && [ "$only" != "$active" ] && continue
        [ -n "$types" ] && case ",$types," in *",${name##*.},"*) ;; *) continue ;; esac
        printf '%s{"unit":"%s","load":"loaded","active":"%s","sub":"%s","description":"Unit %s of the lab"}' \
            "$comma" "$name" "$active" "$(sub_of "$active")" "$name"
        comma=,
    done
    printf ']\n'
    ;;
list-unit-files)
    comma=
    printf '['
    for file in "$store"/*; do
        [ -f "$file" ] || continue
        printf '%s{"unit_file":"%s","state":"enabled","preset":"enabled"}' "$comma" "${file##*/}"
        comma=,
    done
    printf ']\n'
    ;;
show)
    first=true
    for asked in $names; do
        name=$(full "$asked")
        $first || echo
        first=false
        load=not-found active=inactive pid=0
        [ -f "$store/$name" ] && load=loaded && read -r active <"$store/$name"
        [ "$active" = active ] && pid=42
        {
            echo "Id=$name"
            echo "Names=$name"
            echo "Description=Unit $name of the lab"
            echo "LoadState=$load"
            echo "ActiveState=$active"
            echo "SubState=$(sub_of "$active")"
            echo "UnitFileState=enabled"
            echo "MainPID=$pid"
            echo "ExecMainStatus=0"
            echo "Result=success"
            echo "NRestarts=0"
            echo "MemoryCurrent=1048576"
            echo "TasksCurrent=1"
            echo "FragmentPath=/etc/systemd/system/$name"
            echo "ActiveEnterTimestamp=Mon 2025-11-24 16:00:00 UTC"
            echo "StateChangeTimestamp=Mon 2025-11-24 16:00:00 UTC"
        } | while IFS= read -r line; do
            [ -z "$properties" ] && echo "$line" && continue
            case ",$properties," in *",${line%%=*},"*) echo "$line" ;; esac
        done
    done
    ;;
is-active | is-failed)
    for asked in $names; do
        active=inactive
        name=$(full "$asked")
        [ -f "$store/$name" ] && read -r active <"$store/$name"
        echo "$active"
    done
    ;;
start | stop | restart | reload | reset-failed | enable | disable)
    for asked in $names; do
        name=$(full "$asked")
        [ -f "$store/$name" ] || missing "$name"
        case "$command" in
        start | restart) echo active >"$store/$name" ;;
        stop | reset-failed) echo inactive >"$store/$name" ;;
        esac
    done
    ;;
is-system-running) echo running ;;
*)
    echo "Unknown command verb '$command'." >&2
    exit 1
    ;;
esac
