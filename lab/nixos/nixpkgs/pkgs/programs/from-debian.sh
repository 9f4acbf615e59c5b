# Fills bin/ with programs of the Debian tree; one that is not there fails the build.

found() {
    local folder
    for folder in /usr/bin /usr/sbin /usr/lib/systemd; do
        if [ -x "$folder/$1" ]; then
            echo "$folder/$1"
            return
        fi
    done
    echo "error: the tree below has no program \`$1'${hint:+; $hint}" >&2
    return 1
}

mkdir -p "$out/bin"
for program in $programs; do
    links+=("$(found "$program")")
done
if [ "${#links[@]}" != 0 ]; then ln -s -t "$out/bin" "${links[@]}"; fi
for program in $absolute; do
    ln -s "$program" "$out/bin/"
done
for pair in $renamed; do
    ln -s "$(found "${pair#*=}")" "$out/bin/${pair%%=*}"
done
for program in $copied; do
    cp "$(found "$program")" "$out/bin/$program"
done
