# Makes a host key on a machine's disk, over whatever was there; runs there.
#
# usage: host-key.sh PATH COMMENT ARGS...      ARGS tell ssh-keygen what kind of key
set -eu
path=$1 comment=$2
shift 2

rm -f "$path" "$path.pub"
mkdir -p "${path%/*}"
exec /usr/bin/ssh-keygen -q -N '' -C "$comment" "$@" -f "$path"
