# A web server on port 8080. Its page tells the container's host name.
trap 'exit 0' TERM INT
mkdir -p /tmp/www
echo "nixi-lab web on $(hostname)" >/tmp/www/index.html
echo "listening on 8080"
httpd -f -vv -p 8080 -h /tmp/www &
wait
