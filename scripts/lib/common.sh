# shellcheck shell=bash disable=SC2034
# Sourced by every script: where things are, and how a script speaks.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target_dir=${CARGO_TARGET_DIR:-$root/target}
[[ $target_dir == /* ]] || target_dir=$root/$target_dir
cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/calibr
tools_dir=$cache_dir/tools
release_binary=$target_dir/release/calibr

export PATH="$tools_dir/bin:$root/frontend/node_modules/.bin:$PATH"

if [[ -t 1 ]]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "${red}$*${plain}" >&2; }
fail() {
    warn "$*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# 75 -> 1m15s
duration() {
    local seconds=$1
    if ((seconds >= 60)); then
        printf '%dm%02ds' $((seconds / 60)) $((seconds % 60))
    else
        printf '%ds' "$seconds"
    fi
}

# Shows the seconds going by until it is stopped: in place on a terminal, a
# line every half a minute in a log.
ticker() {
    local label=$1 begun=$SECONDS
    # A killed ticker leaves its sleep: that must not hold the output open.
    while sleep 1 >/dev/null 2>&1; do
        local elapsed=$((SECONDS - begun))
        if [[ -t 1 ]]; then
            printf '\r%s %s(%s)%s' "$label" "$dim" "$(duration "$elapsed")" "$plain"
        elif ((elapsed % 30 == 0)); then
            printf '%s (%s)\n' "$label" "$(duration "$elapsed")"
        fi
    done
}

# quietly LABEL COMMAND…: runs a long command with its output in a log, which
# is shown if the command fails.
quietly() (
    label=$1 begun=$SECONDS status=0 ticking=''
    shift
    log=$(mktemp "${TMPDIR:-/tmp}/calibr-log.XXXXXX")
    stop_ticker() {
        [[ -n $ticking ]] || return 0
        kill "$ticking" 2>/dev/null || true
        wait "$ticking" 2>/dev/null || true
        ticking=''
    }
    trap 'stop_ticker; rm -f "$log"' EXIT
    [[ -t 1 ]] || say "$label …"
    ticker "$label" &
    ticking=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    stop_ticker
    if [[ -t 1 ]]; then printf '\r\e[K'; fi
    if ((status == 0)); then
        say "$label ${green}done${plain} in $(duration $((SECONDS - begun)))"
    else
        warn "$label failed after $(duration $((SECONDS - begun))). The end of its output:"
        tail -n 60 "$log" >&2
    fi
    exit "$status"
)
