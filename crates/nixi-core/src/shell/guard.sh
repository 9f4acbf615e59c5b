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
back() {
    tell "back $1"
    timeout -k 30 1200 "$old/bin/switch-to-configuration" test
    tell "returned $?"
    over 1 exit-code
}

last=
if [ -e "$state" ]; then last=$(tail -n 1 "$state"); fi
case $last in
    '')
        echo begun >"$record"
        keep
        # Neither system is collected as garbage meanwhile; after a restart of the node these lead nowhere.
        mkdir -p "${root%/*}"
        for link in "${root%-*}"-*; do [ -e "$link" ] || rm -f "$link"; done
        ln -sfn "$old" "$here/old" && ln -sfn "$here/old" "$root-old"
        ln -sfn "$new" "$here/new" && ln -sfn "$here/new" "$root-new"
        tell switching
        timeout -k 30 1200 "$new/bin/switch-to-configuration" test
        tell "switched $? $(now)"
        ;;
    switched*) ;;
    confirmed) over 0 success ;;
    returned*) over 1 exit-code ;;
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
until [ -e "$here/confirm" ]; do
    if [ -e "$here/refuse" ]; then back refused; fi
    if [ "$(($(now) - since))" -ge "$patience" ]; then back unconfirmed; fi
    sleep 1
done
tell confirmed
over 0 success
