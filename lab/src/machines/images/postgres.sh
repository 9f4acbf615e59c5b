# Stands in for a database with a password. To whoever connects to port 5432: `login PASSWORD` answers `welcome` or `denied`.
if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD is not set" >&2
    exit 1
fi

answer() {
    while read -r word text; do
        case $word in
        login) [ "$text" = "$POSTGRES_PASSWORD" ] && echo "welcome" || echo "denied" ;;
        *) echo "login PASSWORD" ;;
        esac
    done
}

serve() {
    trap 'exit 0' TERM INT
    mkdir -p /var/lib/postgresql/data
    echo "listening on 5432"
    nc -ll -p 5432 -e /bin/sh /main.sh answer &
    wait
}

"${1:-serve}"
