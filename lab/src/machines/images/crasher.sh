# Fails as soon as it is started.
echo "cannot go on" >&2
exit 3
