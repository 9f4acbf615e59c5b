# Keeps lines in its volume. To whoever connects to port 5432: `put TEXT` stores one, `get` gives all of them.
readonly rows=/var/lib/data/rows

answer() {
    while read -r word text; do
        case $word in
        put) { echo "$text" >>"$rows"; } 2>/dev/null && echo "stored" || echo "cannot store" ;;
        get) [ ! -e "$rows" ] || cat "$rows" ;;
        *) echo "put TEXT, or get" ;;
        esac
    done
}

serve() {
    trap 'exit 0' TERM INT
    mkdir -p /var/lib/data
    echo "listening on 5432"
    nc -ll -p 5432 -e /bin/sh /main.sh answer &
    wait
}

"${1:-serve}"
