# Makes an image out of busybox and one script, and gives it to podman or docker. Runs on a machine, as root.
#
# usage: import.sh IMPORT NAME SCRIPT [CHANGE...]       IMPORT is the command, CHANGE as it takes it
set -eu
import=$1 name=$2 script=$3
shift 3
for change; do
    shift
    set -- "$@" --change "$change"
done

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 0755 "$tree"
mkdir -m 1777 "$tree/tmp"
mkdir "$tree/bin"
cp /bin/busybox "$tree/bin/"
"$tree/bin/busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
printf %s "$script" >"$tree/main.sh"

tar --create --directory "$tree" . |
    $import --change 'CMD ["/bin/sh", "/main.sh"]' "$@" - "$name"
