# The list of generations, newest first.

json_string() {
    local text=$1
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "$text"
}

# Each program has its own idea of when a generation was made, and of how that is written.
date_of() {
    local born
    if [ "$played" = ng ]; then
        date --date="@$(stat --dereference --format=%Z "$1")" '+%Y-%m-%d %H:%M:%S'
        return
    fi
    born=$(stat --format=%W "$1")
    if [ "$born" = 0 ]; then born=$(stat --format=%Y "$1"); fi
    date --utc --date="@$born" '+%Y-%m-%dT%H:%M:%SZ'
}

kernel_of() {
    local modules=("$1"/kernel-modules/lib/modules/*)
    basename "${modules[0]:-Unknown}"
}

revision_of() {
    "$1/sw/bin/nixos-version" --configuration-revision 2>/dev/null || true
}

version_of() {
    cat "$1/nixos-version" 2>/dev/null || echo Unknown
}

# Describes each generation on one line: number, date, version, kernel, revision, specialisations, current.
describe_all() {
    local current is_current link number name specialisations
    current=$(readlink "$profile")
    for link in $(printf '%s\n' "$profile"-*-link | sort --version-sort --reverse); do
        number=${link#"$profile-"}
        number=${number%-link}
        specialisations=''
        for name in "$link"/specialisation/*; do specialisations+="${specialisations:+ }$(basename "$name")"; done
        is_current=false
        if [ "$(basename "$link")" = "$current" ]; then is_current=true; fi
        printf '%s|%s|%s|%s|%s|%s|%s\n' "$number" "$(date_of "$link")" "$(version_of "$link")" \
            "$(kernel_of "$link")" "$(revision_of "$link")" "$specialisations" "$is_current"
    done
}

as_json() {
    local number date version kernel revision specialisations current name separator=''
    printf '['
    while IFS='|' read -r number date version kernel revision specialisations current; do
        printf '%s\n  {\n' "$separator"
        printf '    "generation": %s,\n    "date": %s,\n' "$number" "$(json_string "$date")"
        printf '    "nixosVersion": %s,\n' "$(json_string "$version")"
        printf '    "kernelVersion": %s,\n' "$(json_string "$kernel")"
        printf '    "configurationRevision": %s,\n    "specialisations": [' "$(json_string "$revision")"
        separator=''
        for name in $specialisations; do
            printf '%s\n      %s' "$separator" "$(json_string "$name")"
            separator=,
        done
        printf '%s],\n    "current": %s\n  }' "${separator:+$'\n    '}" "$current"
        separator=,
    done
    printf '\n]\n'
}

as_table() {
    local header='Generation|Build-date|NixOS version|Kernel|Configuration Revision|Specialisation|Current'
    if [ "$played" = ng ]; then
        { echo "$header"; sed 's/true$/True/; s/false$/False/'; } | table
    else
        {
            echo "${header%|Current}"
            sed -E 's/^([^|]*)(.*)\|true$/\1 current\2/; s/\|false$//; s/(....-..-..)T(..:..:..)Z/\1 \2/'
        } | table
    fi
}

# Columns as wide as their widest entry.
table() {
    awk -F'|' '
        { rows[NR] = $0; for (i = 1; i <= NF; i++) if (length($i) > width[i]) width[i] = length($i) }
        END {
            for (row = 1; row <= NR; row++) {
                count = split(rows[row], cell, "|"); line = ""
                for (i = 1; i <= count; i++) line = line sprintf("%-" width[i] "s", cell[i]) (i < count ? "  " : "")
                sub(/ +$/, "", line); print line
            }
        }'
}

list_generations() {
    if [ ! -L "$profile" ]; then
        if [ "$played" = bash ]; then die "No profile \`$(basename "$profile")' found"; fi
        die "no profile '$(basename "$profile")' found"
    fi
    describe_all | if [ -n "$json" ]; then as_json; else as_table; fi
}
