# Logs in to the database at $DB_HOST with $DB_PASSWORD, and serves a page on port 8080 that says so. Without a welcome it ends
# with exit code 1.
trap 'exit 0' TERM INT
reply=$(printf 'login %s\n' "${DB_PASSWORD:-}" | nc -w 3 "${DB_HOST:-nowhere}" 5432 | head -n 1)
if [ "$reply" != welcome ]; then
    echo "cannot log in to the database at ${DB_HOST:-nowhere}: ${reply:-no answer}" >&2
    exit 1
fi
mkdir -p /tmp/www
echo "logged in to $DB_HOST, level ${LEVEL:-none}" >/tmp/www/index.html
echo "listening on 8080"
httpd -f -p 8080 -h /tmp/www &
wait
