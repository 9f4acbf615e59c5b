# The command line.

action='' rollback='' flake='' no_flake='' file='' attribute='' specialisation='' json='' sudo='' upgrade=''
install_bootloader='' profile=/nix/var/nix/profiles/system
nix_flags=() lock_flags=()

usage() {
    log "usage: nixos-rebuild switch|boot|test|build|dry-build|dry-activate|list-generations [options]"
}

unknown_option() {
    if [ "$played" = bash ]; then die "$0: unknown option \`$1'"; fi
    usage
    die "nixos-rebuild: error: unrecognized arguments: $1" 2
}

# needs OPTION LEFT [HOW-MANY]
needs() {
    if [ "$2" -lt "${3:-1}" ]; then
        if [ "$played" = bash ]; then die "$0: '$1' requires an argument"; fi
        die "nixos-rebuild: error: argument $1: expected one argument" 2
    fi
}

set_action() {
    if [ -n "$action" ]; then
        usage
        if [ "$played" = bash ]; then exit 1; else exit 2; fi
    fi
    action=$1
}

use_profile() {
    if [ "$1" = system ]; then return; fi
    profile=/nix/var/nix/profiles/system-profiles/$1
    mkdir -p "$(dirname "$profile")"
}

parse() {
    local option
    while [ "$#" -gt 0 ]; do
        option=$1
        shift
        case $option in
            dry-run) set_action dry-build ;;
            switch | boot | test | build | dry-build | dry-activate | list-generations) set_action "$option" ;;
            --rollback) rollback=1 ;;
            --json) json=1 ;;
            --fast | --no-build-nix) ;;
            --no-reexec)
                if [ "$played" = bash ]; then unknown_option "$option"; fi
                ;;
            --use-remote-sudo)
                if [ "$played" = ng ]; then
                    log "nixos-rebuild: warning: --use-remote-sudo deprecated, use --sudo instead"
                fi
                sudo=1
                ;;
            --sudo)
                if [ "$played" = bash ]; then unknown_option "$option"; fi
                sudo=1
                ;;
            --install-bootloader) install_bootloader=1 ;;
            --upgrade | --upgrade-all) upgrade=${option#--} ;;
            --no-flake) no_flake=1 ;;
            --flake)
                if [ "$played" = ng ] && { [ "$#" = 0 ] || [[ $1 == -* ]]; }; then
                    flake=.
                else
                    needs "$option" "$#"
                    flake=$1
                    shift
                fi
                ;;
            --file | -f)
                needs "$option" "$#"
                file=$1
                shift
                ;;
            --attr | -A)
                needs "$option" "$#"
                attribute=$1
                shift
                ;;
            --specialisation | -c)
                needs "$option" "$#"
                specialisation=$1
                shift
                ;;
            --profile-name | -p)
                needs "$option" "$#"
                use_profile "$1"
                shift
                ;;
            -I | --max-jobs | -j | --cores | --log-format | --builders)
                needs "$option" "$#"
                nix_flags+=("$option" "$1")
                shift
                ;;
            --option)
                needs "$option" "$#" 2
                nix_flags+=("$option" "$1" "$2")
                shift 2
                ;;
            --quiet | --print-build-logs | -L | --show-trace | --keep-going | -k | --keep-failed | -K | --fallback | \
                --repair | --impure | --offline | --refresh | --verbose | -v*)
                nix_flags+=("$option")
                ;;
            --recreate-lock-file | --no-update-lock-file | --no-write-lock-file | --no-registries | --commit-lock-file)
                lock_flags+=("$option")
                ;;
            --update-input)
                needs "$option" "$#"
                lock_flags+=("$option" "$1")
                shift
                ;;
            --override-input)
                needs "$option" "$#" 2
                lock_flags+=("$option" "$1" "$2")
                shift 2
                ;;
            --help | -h)
                usage
                exit 0
                ;;
            *) unknown_option "$option" ;;
        esac
    done
    check_together
}

# What does not go together.
check_together() {
    if [ -z "$action" ]; then
        usage
        exit 1
    fi
    if [ -n "$flake" ] && [ -n "$file$attribute" ]; then
        if [ "$played" = bash ]; then die "error: '--flake' cannot be used with '--file' or '--attr'"; fi
        die "nixos-rebuild: error: --flake cannot be used with --file or --attr" 2
    fi
    if [ -n "$specialisation" ] && [ "$action" != switch ] && [ "$action" != test ]; then
        if [ "$played" = bash ]; then
            die "error: ‘--specialisation’ can only be used with ‘switch’ and ‘test’"
        fi
        die "'--specialisation' can only be used with 'switch' and 'test'"
    fi
}
