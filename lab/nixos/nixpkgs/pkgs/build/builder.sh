# Builds a package: runs `buildCommand`, or unpacks, builds and installs in phases.

PATH=/usr/bin:/bin:/usr/sbin:/sbin
for input in ${buildInputs:-} ${nativeBuildInputs:-}; do
    PATH=$input/bin:$PATH
done
export PATH HOME=/homeless-shelter
shopt -s nullglob

runHook() {
    local hook=${!1:-}
    eval "$hook"
}

unpack() {
    [ -n "${src:-}" ] || return 0
    if [ -d "$src" ]; then
        cp -R "$src" source
        chmod -R u+w source
        cd source
    else
        tar -xf "$src"
        cd -- */
    fi
}

phase() {
    local text=${!1:-}
    if [ -n "$text" ]; then eval "$text"; fi
}

if [ -n "${buildCommandPath:-}" ]; then
    . "$buildCommandPath"
elif [ -n "${buildCommand:-}" ]; then
    eval "$buildCommand"
else
    if [ -n "${unpackPhase:-}" ]; then eval "$unpackPhase"; elif [ -z "${dontUnpack:-}" ]; then unpack; fi
    for name in configurePhase buildPhase checkPhase installPhase fixupPhase; do phase "$name"; done
fi
