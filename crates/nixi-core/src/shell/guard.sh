# Switches to a system, and goes back to the one before unless that is confirmed in time.
# Usage: sh run NEW OLD SECONDS, in a folder /run/nixi/ID.guard; run again after it was killed, it goes on or goes back.
umask 022
new=$1 old=$2 patience=$3
here=${0%/*}
folder=${here%/*}
id=${here##*/}
id=${id%.guard}
state=$here/state
record=$folder/$id
root=/nix/var/nix/gcroots/nixi-$id
PATH=$PATH:$old/sw/bin

now() {
    read -r seconds _ </proc/uptime
    echo "${seconds%%.*}"
}
tell() { echo "$*" >>"$state"; }
keep() {
    mkdir -p /var/lib/nixi
    cp "$record" "/var/lib/nixi/$id" && sync "/var/lib/nixi/$id"
}
over() {
    printf 'EXIT_CODE=exited\nEXIT_STATUS=%s\nSERVICE_RESULT=%s\nended\n' "$1" "$2" >>"$record"
    keep
    rm -f "$root-old" "$root-new"
    exit 0
}
current() { readlink -f /run/current-system; }
# Has a system switch to itself once nobody else does, or after so many seconds; what hangs is ended.
switch_to() {
    mkdir -p /run/nixos
    # That of NixOS 24.11 would wait for the other one, and switch over it.
    flock -E 11 -w "$2" /run/nixos/switch-to-configuration.lock true
    if [ $? = 11 ]; then return 11; fi
    # Whoever switched meanwhile wanted that.
    case $(current) in
        "$new" | "$old") ;;
        *)
            tell replaced
            over 1 exit-code
            ;;
    esac
    NIXOS_NO_CHECK=$3 timeout -k 30 1200 "$1/bin/switch-to-configuration" test
}
# Again and again until it has worked: nobody else will do it.
back() {
    tell "back $1"
    tries=0
    while :; do
        switch_to "$old" 300 1
        code=$?
        case $code in 0 | 4) break ;; esac
        tries=$((tries + 1))
        # Its activation script fails each time, as it may have done all along.
        if [ "$code" = 2 ] && [ "$tries" -ge 2 ] && [ "$(current)" = "$old" ]; then break; fi
        if [ "$tries" -ge 20 ]; then break; fi
        sleep 5
    done
    case $code in
        0 | 4) tell "returned $code" ;;
        2) if [ "$(current)" = "$old" ]; then tell "returned 2"; else tell "stuck 2"; fi ;;
        *) tell "stuck $code" ;;
    esac
    over 1 exit-code
}
# Whether another switch of ours waits to be confirmed, or runs.
busy() {
    for other in "$folder"/*.guard/state; do
        if [ "$other" = "$state" ] || [ ! -e "$other" ]; then continue; fi
        case $(tail -n 1 "$other") in
            confirmed | returned* | stuck* | busy | unchanged* | replaced) continue ;;
        esac
        name=${other%.guard/state}
        case $(systemctl is-active "nixi-${name##*/}.service") in
            active | activating | deactivating) return 0 ;;
        esac
    done
    return 1
}

last=
if [ -e "$state" ]; then last=$(tail -n 1 "$state"); fi
case $last in
    '' | begun)
        echo begun >"$record"
        keep
        # Neither system is collected as garbage meanwhile; after a restart of the node these lead nowhere.
        mkdir -p "${root%/*}"
        for link in "${root%-*}"-*; do [ -e "$link" ] || rm -f "$link"; done
        ln -sfn "$old" "$here/old" && ln -sfn "$here/old" "$root-old"
        ln -sfn "$new" "$here/new" && ln -sfn "$here/new" "$root-new"
        tell begun
        if busy; then
            tell busy
            over 1 exit-code
        fi
        # It may have been collected as garbage by now.
        if [ ! -x "$new/bin/switch-to-configuration" ]; then
            tell "unchanged 127"
            over 1 exit-code
        fi
        tell switching
        switch_to "$new" 10 0
        code=$?
        # Checks that fail, and the lock of another switch: nothing has been touched.
        case $code in
            1 | 11)
                case $(current) in
                    "$new") ;;
                    "$old")
                        tell "unchanged $code"
                        over 1 exit-code
                        ;;
                    *)
                        tell replaced
                        over 1 exit-code
                        ;;
                esac
                ;;
        esac
        tell "switched $code $(now)"
        ;;
    switched*) ;;
    confirmed) over 0 success ;;
    returned* | stuck* | busy | unchanged* | replaced) over 1 exit-code ;;
    back*) back "${last#back }" ;;
    *) back interrupted ;;
esac

read -r _ code since <<END
$(grep '^switched ' "$state" | tail -n 1)
END
# 4 is a unit that failed, perhaps long before.
case $code in
    0 | 4) ;;
    *) back failed ;;
esac
# Somebody else may have switched meanwhile: that is theirs. What did not come to run was not activated.
stays() {
    case $(current) in
        "$new") ;;
        "$old") back failed ;;
        *)
            tell replaced
            over 1 exit-code
            ;;
    esac
}
until [ -e "$here/confirm" ]; do
    if [ -e "$here/refuse" ]; then back refused; fi
    stays
    if [ "$(($(now) - since))" -ge "$patience" ]; then back unconfirmed; fi
    sleep 1
done
stays
tell confirmed
over 0 success
