# Does nothing, until it is stopped.
trap 'exit 0' TERM INT
echo "asleep"
sleep 2147483647 &
wait
