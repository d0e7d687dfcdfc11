# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after common.sh: which compiler builds for the browser.
#
# Usually it is the default one, with rustup's wasm32 target. Where that target
# cannot be fetched, it is the distribution's compiler over a standard library
# built from its own sources (`scripts/setup` makes both): a small `rustc` in
# the user's cache which passes the folder of that library as its sysroot.

wasm_target=wasm32-unknown-unknown
distribution_rustc=/usr/bin/rustc

default_rustc_has_wasm() {
    local sysroot
    sysroot=$(rustc --print sysroot 2>/dev/null) || return 1
    [[ -d $sysroot/lib/rustlib/$wasm_target/lib ]]
}

# The folder of the compiler made from the distribution's; its name changes
# with the compiler's version.
wasm_sysroot() {
    local version
    version=$("$distribution_rustc" --version 2>/dev/null) || return 1
    version=$(cut -d' ' -f2 <<<"$version")
    printf '%s/wasm-rustc-%s' "$cache_dir" "$version"
}

# Exports RUSTC where the default compiler cannot build for the browser.
use_wasm_compiler() {
    if [[ -n ${RUSTC:-} ]] || default_rustc_has_wasm; then
        return 0
    fi
    local sysroot
    if sysroot=$(wasm_sysroot) && [[ -x $sysroot/rustc ]]; then
        export RUSTC=$sysroot/rustc
        return 0
    fi
    fail "No compiler here can build for the browser yet. Run: scripts/setup run"
}

# Debug and release builds for the browser keep to a folder of their own: two
# compilers and two sets of flags in one folder would take turns rebuilding it.
wasm_target_dir=$target_dir/wasm
