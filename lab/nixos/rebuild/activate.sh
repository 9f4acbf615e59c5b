# The profile, and what runs the system's own switch-to-configuration.

as_root() {
    if [ -n "$sudo" ]; then sudo "$@"; else "$@"; fi
}

# Runs a command that may fail, in the words of the program that is played.
checked() {
    local status=0
    as_root "$@" || status=$?
    if [ "$status" = 0 ]; then return 0; fi
    if [ "$played" = ng ]; then log "Command '${sudo:+sudo }$*' returned non-zero exit status $status."; fi
    exit "$status"
}

set_profile() { checked nix-env -p "$profile" --set "$system"; }

# The generation to go back to without changing the profile. What `ng' takes may be newer than the current one.
other_generation() {
    checked nix-env -p "$profile" --list-generations | if [ "$played" = bash ]; then
        sed -n '/current/ {g; p;}; s/ *\([0-9]*\).*/\1/; h'
    else
        sed -n '/current/!s/ *\([0-9]*\).*/\1/p' | tail -n 1
    fi
}

roll_back() {
    local number
    case $action in
        switch | boot)
            if [ "$played" = ng ]; then log "building the system configuration..."; fi
            checked nix-env --rollback -p "$profile"
            system=$profile
            ;;
        test | build)
            number=$(other_generation)
            if [ -z "$number" ]; then die "could not find previous generation"; fi
            system=$profile-$number-link
            if [ "$played" = bash ]; then ln -sT "$system" ./result; fi
            ;;
        *)
            if [ "$played" = bash ]; then
                usage
                exit 1
            fi
            die "--rollback is incompatible with '$action'"
            ;;
    esac
}

# In a unit of its own, so that a lost connection does not stop it halfway; in a chroot there is no systemd.
activate() {
    local command=() switch=$system
    export NIXOS_INSTALL_BOOTLOADER=${install_bootloader:-0}

    if [ -n "$specialisation" ]; then
        switch=$system/specialisation/$specialisation
        if [ ! -e "$switch" ]; then die "error: specialisation not found: $specialisation"; fi
    fi
    if [ -d /run/systemd/system ]; then
        command=(systemd-run -E LOCALE_ARCHIVE -E NIXOS_INSTALL_BOOTLOADER --collect --no-ask-password --pipe --quiet
            --service-type=exec --unit=nixos-rebuild-switch-to-configuration --wait)
    else
        command=(env -i "LOCALE_ARCHIVE=${LOCALE_ARCHIVE:-}" "NIXOS_INSTALL_BOOTLOADER=$NIXOS_INSTALL_BOOTLOADER")
    fi
    command+=("$switch/bin/switch-to-configuration" "$action")

    if [ "$played" = ng ]; then
        checked "${command[@]}"
    elif ! as_root "${command[@]}"; then
        die "warning: error(s) occurred while switching to the new configuration"
    fi
}

# Only the path goes to standard output.
tell_result() {
    if [ "$played" = ng ] && [ "$action" != dry-build ]; then
        printf 'Done. The new configuration is ' >&2
        printf '%s\n' "$system"
    fi
}
