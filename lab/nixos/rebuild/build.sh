# Building: evaluates the configuration that is in force and puts the system's path into `system`.

system=''

# Runs a command of Nix. Newer versions of Nix write warnings of an evaluation without `trace:'.
run_nix() {
    local status=0
    { "$@" 2>&1 >&3 | sed -u 's/^trace: evaluation warning:/evaluation warning:/' >&2; } 3>&1 || status=$?
    if [ "$status" != 0 ] && [ "$played" = ng ]; then log "Command '$*' returned non-zero exit status $status."; fi
    return "$status"
}

# The flake that applies, as REF#nixosConfigurations."NAME", or nothing.
flake_in_force() {
    local ref=$flake name=''
    if [ -z "$ref" ] && [ -z "$no_flake$file$attribute" ] && [ -e /etc/nixos/flake.nix ]; then
        ref=$(dirname "$(readlink -f /etc/nixos/flake.nix)")
    fi
    if [ -z "$ref" ] || [ -n "$no_flake" ]; then return 0; fi
    if [[ $ref == *#* ]]; then
        name=${ref#*#}
        ref=${ref%%#*}
    fi
    if [ -z "$name" ]; then name=$(</proc/sys/kernel/hostname); fi
    printf '%s#nixosConfigurations."%s"' "${ref:-.}" "${name:-default}"
}

# Whether a link `result` is left in the working folder, as a flag.
link_flag() {
    case $action in
        switch | boot) echo "$1" ;;
        test | dry-activate) if [ "$played" = ng ]; then echo "$1"; fi ;;
    esac
}

# Root's channels first, if that was asked for.
upgrade_channels() {
    local channel
    for channel in /nix/var/nix/profiles/per-user/root/channels/*; do
        channel=$(basename "$channel")
        if [ "$upgrade" = upgrade-all ] || [ "$channel" = nixos ]; then nix-channel --update "$channel"; fi
    done
}

build_system() {
    local reference flags=()
    reference=$(flake_in_force)
    if [ -n "$upgrade" ] && [ -z "$reference" ]; then upgrade_channels; fi
    log "building the system configuration..."

    if [ "$action" = dry-build ]; then flags+=(--dry-run); fi
    if [ -n "$reference" ]; then
        mapfile -t -O "${#flags[@]}" flags < <(link_flag --no-link)
        system=$(run_nix nix --extra-experimental-features 'nix-command flakes' build --print-out-paths \
            "$reference.config.system.build.toplevel" "${flags[@]}" "${nix_flags[@]}" "${lock_flags[@]}")
    else
        mapfile -t -O "${#flags[@]}" flags < <(link_flag --no-out-link)
        if [ -n "$file$attribute" ]; then
            system=$(run_nix nix-build "${file:-default.nix}" \
                --attr "${attribute:+$attribute.}config.system.build.toplevel" "${flags[@]}" "${nix_flags[@]}")
        else
            system=$(run_nix nix-build '<nixpkgs/nixos>' --attr system "${flags[@]}" "${nix_flags[@]}")
        fi
    fi
}
