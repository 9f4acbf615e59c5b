#!/bin/sh
# As much of podman(1) as the tests need. $HOME/containers/NAME: state, image and exit code, a line each;
# $HOME/containers/NAME.log, if there is one, is what `podman logs` prints.
printf 'podman %s\n' "$*" >>"$HOME/argv.log"
store="$HOME/containers"
mkdir -p "$store"

id_of() { printf '%s' "$1" | sha256sum | cut -d' ' -f1; }

# The name behind a name, an id or the beginning of one.
find_name() {
    [ -f "$store/$1" ] && { echo "$1"; return; }
    for file in "$store"/*; do
        name=${file##*/}
        [ -f "$file" ] || continue
        case "$name" in *.log) continue ;; esac
        case "$(id_of "$name")" in "$1"*) echo "$name"; return ;; esac
    done
    return 1
}

load() {
    { read -r state; read -r image; read -r code; } <"$store/$1"
    id=$(id_of "$1")
    running=false
    status="Exited ($code) 5 minutes ago"
    [ "$state" = running ] && running=true && status='Up 5 minutes'
}

save() { printf '%s\n%s\n%s\n' "$2" "$image" "$3" >"$store/$1"; }

missing() {
    echo "Error: no container with name or ID \"$1\" found: no such container" >&2
    exit 125
}

command=$1
shift
[ "$command" = container ] && { command=$1; shift; }
[ "$command" = list ] && command=ps
[ "$command" = ls ] && command=ps

# Options are dropped, but for those that matter here; a value after a space only where it is known to follow.
all=false force=false quiet=false format= filter= kind= names=
while [ $# -gt 0 ]; do
    case "$1" in
    -a | --all) all=true ;;
    -f | --force) force=true ;;
    -q | --quiet) quiet=true ;;
    --filter) filter=$2 && shift ;;
    --type) kind=$2 && shift ;;
    --format) format=$2 && shift ;;
    --format=*) format=${1#*=} ;;
    --tail | --since | --until | -t | --time | -n) shift ;;
    --) ;;
    -*) ;;
    *) names="$names $1" ;;
    esac
    shift
done

if $quiet; then
    name=${filter#name=^}
    [ -f "$store/${name%\$}" ] && id_of "${name%\$}"
    exit 0
fi
# It has no images.
[ "$command $kind" = "inspect image" ] && { echo "Error: inspecting object: no such image" >&2; exit 125; }

case "$command" in
network) echo '[{"name":"podman","driver":"bridge","dns_enabled":true}]' ;;
secret) ;;
ps)
    comma= row=
    printf '['
    for file in "$store"/*; do
        name=${file##*/}
        [ -f "$file" ] || continue
        case "$name" in *.log) continue ;; esac
        load "$name"
        $all || $running || continue
        printf '%s\n  {"AutoRemove":false,"Command":["run"],"CreatedAt":"5 minutes ago","Exited":%s,"ExitedAt":1764000000,' \
            "$comma" "$([ "$state" = running ] && echo false || echo true)"
        printf '"ExitCode":%s,"Id":"%s","Image":"%s","ImageID":"%s","IsInfra":false,"Labels":{},"Mounts":[],' \
            "$code" "$id" "$image" "$id"
        printf '"Names":["%s"],"Networks":["podman"],"Pid":42,"Pod":"","PodName":"",' "$name"
        printf '"Ports":[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}],'
        printf '"Restarts":0,"Size":null,"StartedAt":1764000000,"State":"%s","Status":"%s","Created":1764000000}' \
            "$state" "$status"
        comma=,
    done
    printf '\n]\n'
    ;;
inspect)
    comma=
    for asked in $names; do find_name "$asked" >/dev/null || missing "$asked"; done
    if [ "$format" = '{{.Id}} {{.Name}}' ]; then
        for asked in $names; do
            name=$(find_name "$asked")
            echo "$(id_of "$name") $name"
        done
        exit 0
    fi
    printf '['
    for asked in $names; do
        name=$(find_name "$asked")
        load "$name"
        printf '%s\n  {"Id":"%s","Created":"2025-11-24T16:00:00Z","Path":"run","Args":[],' "$comma" "$id"
        printf '"State":{"Status":"%s","Running":%s,"Paused":false,"Pid":42,"ExitCode":%s,' "$state" "$running" "$code"
        printf '"Error":"","StartedAt":"2025-11-24T16:00:00Z","FinishedAt":"0001-01-01T00:00:00Z"},'
        printf '"Image":"%s","ImageName":"%s","Name":"%s","RestartCount":0,"Mounts":[],' "$id" "$image" "$name"
        printf '"NetworkSettings":{"IPAddress":"10.88.0.2","Ports":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]},'
        printf '"Networks":{"podman":{"IPAddress":"10.88.0.2"}}},'
        printf '"Config":{"Hostname":"%s","Env":["PATH=/usr/bin","SECRET=hunter2"],"Cmd":["run"],"Image":"%s",' \
            "$name" "$image"
        printf '"Labels":{}},"HostConfig":{"RestartPolicy":{"Name":"","MaximumRetryCount":0},"NetworkMode":"bridge"}}'
        comma=,
    done
    printf '\n]\n'
    ;;
logs)
    for asked in $names; do
        name=$(find_name "$asked") || missing "$asked"
        [ -f "$store/$name.log" ] && cat "$store/$name.log"
    done
    exit 0
    ;;
start | stop | restart | kill)
    for asked in $names; do
        name=$(find_name "$asked") || missing "$asked"
        load "$name"
        case "$command" in
        start | restart) save "$name" running 0 ;;
        stop) save "$name" exited 0 ;;
        kill) save "$name" exited 137 ;;
        esac
        echo "$asked"
    done
    ;;
rm)
    for asked in $names; do
        name=$(find_name "$asked") || missing "$asked"
        load "$name"
        if $running && ! $force; then
            echo "Error: cannot remove container $id as it is running - running or paused containers cannot be removed without force" >&2
            exit 2
        fi
        rm -f "$store/$name" "$store/$name.log"
        echo "$asked"
    done
    ;;
version | info)
    [ "$format" = '{{.Client.Version}}' ] && { echo 5.4.0; exit 0; }
    echo '{"Client":{"Version":"5.4.0"},"version":{"Version":"5.4.0"}}'
    ;;
*)
    echo "Error: unrecognized command \`podman $command\`" >&2
    exit 125
    ;;
esac
