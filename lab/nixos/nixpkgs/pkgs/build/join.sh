# Joins the folders `pathsToLink` of all `paths` into one tree of links.

mkdir "$out"
for path in $paths; do
    for folder in $pathsToLink; do
        [ -d "$path$folder" ] || continue
        mkdir -p "$out$folder"
        if [ -z "$ignoreCollisions" ]; then
            (cd "$path$folder" && find . ! -type d -printf '%P\n') | while read -r file; do
                if [ -e "$out$folder/$file" ] && ! [ "$out$folder/$file" -ef "$path$folder/$file" ]; then
                    echo "error: collision between \`$path$folder/$file' and \`$(readlink "$out$folder/$file")'" >&2
                    exit 1
                fi
            done
        fi
        cp --recursive --symbolic-link --no-clobber "$path$folder/." "$out$folder/"
    done
done
eval "$postBuild"
