# Makes an image out of busybox and one script, and gives it to podman. Runs on a machine, as root.
#
# usage: import.sh NAME SCRIPT [CHANGE...]       CHANGE as podman import takes it
set -eu
name=$1 script=$2
shift 2
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
    podman import --quiet --change 'CMD ["/bin/sh", "/main.sh"]' "$@" - "$name"
