# Thin names for what cargo does; `just` lists them.

_default:
    @just --list --unsorted

# Run nixi with arguments
run *ARGS:
    cargo run -- {{ARGS}}

# Every test that this machine can run
test *ARGS:
    cargo xtask test {{ARGS}}

# Dependencies, file length, links, leftovers
tidy:
    cargo xtask tidy

# Nixi beside its peers
bench *ARGS:
    cargo xtask bench {{ARGS}}

# Format everything
fmt:
    cargo fmt --all

# Clippy, with warnings as errors
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# All that CI does
ci:
    cargo xtask ci
