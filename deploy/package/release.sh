#!/bin/sh
# Keeps the versions of @PACKAGE@ on this machine: one folder for each version, one link "current" to the version that runs.
# A new version is on trial until the program has proven itself; the old one stays until then and comes back by itself.
set -eu
root=${GENGFU_ROOT:-@ROOT@}
# The notes of the program: the files proven, confirmed, failed, each with a version in it.
notes=${GENGFU_NOTES:-@DATA@/release}
# Starts of a version that has not even proven itself locally; one more goes back.
starts_max=3

say() { echo "@PACKAGE@ release: $*" >&2; }
current() { basename "$(readlink "$root/current" 2>/dev/null || true)"; }
on_trial() { sed -n "s/^$1=//p" "$root/trial" 2>/dev/null || true; }
# A file of the program, another user: no link in its place is followed, no pipe is waited for, and no more than a few lines are read.
read_note() { dd if="$notes/$1" iflag=nofollow,nonblock bs=1000 count=1 status=none 2>/dev/null | tr -d '\000-\011\013-\037\177' || true; }
has_note() { [ "$(read_note "$1" | head -n 1)" = "$2" ]; }
# A version that has not started wrote no note: what is there is old, or from somebody else.
has_started() { starts=$(on_trial starts) && [ "${starts:-0}" -gt 0 ]; }
# The unit's UMask is 0077; the program, another user, reads what is written here.
umask 022

is_whole() { [ -n "$1" ] && [ -f "$root/releases/$1/release.json" ]; }

# All three replace a file in one step and sync it, so that a power cut leaves the old or the new one.
replace() {
  cat >"$root/$1.new"
  sync "$root/$1.new"
  mv -T "$root/$1.new" "$root/$1"
  sync "$root"
}
point() {
  ln -sfn "releases/$1" "$root/current.new"
  mv -T "$root/current.new" "$root/current"
  sync "$root"
}
put_on_trial() { printf 'version=%s\nprevious=%s\nstarts=%s\n' "$1" "$2" "$3" | replace trial; }
end_trial() { rm -f "$root/trial"; sync "$root"; }

# Whether the archive fits unpacked, with a tenth more for the blocks of small files and 32 MB that stay free.
has_room() {
  bytes=$(xz --robot --list "$1" 2>/dev/null | awk '$1 == "totals" { print $5 }')
  free=$(df --output=avail -B1 "$root" | tail -n 1)
  [ "$free" -ge $((${bytes:-0} / 10 * 11 + 33554432)) ] && return 0
  say "$((${bytes:-0} / 909091 + 32)) MB of free room are needed in $root, there are $((free / 1000000))"
  return 1
}
# Removes every version but those that are named.
keep_only() {
  for folder in "$root"/releases/* "$root"/releases/.part; do
    for name in "$@"; do [ "$(basename "$folder")" != "$name" ] || continue 2; done
    rm -rf "$folder"
  done
}

# stage VERSION ARCHIVE: unpacks beside the running version and makes it the next one to start.
stage() {
  version=$1 archive=$2
  case $version in '' | *[!0-9A-Za-z.~+-]* | .*) say "\"$version\" is not a version" && return 2 ;; esac
  mkdir -p "$root/releases"
  now=$(current)
  # A version that was confirmed and has not started since: its trial is over, and it is the one to go back to.
  [ "$(on_trial version)" != "$now" ] || ! has_started || ! has_note confirmed "$now" || end_trial
  # Versions that went back, or are older than the one before, make room.
  ! is_whole "$now" || keep_only "$now" "$version" "$(on_trial previous)"
  if ! is_whole "$version"; then
    # Left by a power cut.
    rm -rf "$root/releases/.part"
    has_room "$archive" || return 1
    mkdir "$root/releases/.part"
    tar -xJf "$archive" -C "$root/releases/.part" --no-same-owner || { rm -rf "$root/releases/.part" && return 1; }
    [ -f "$root/releases/.part/release.json" ] || { say "$archive is no release" && rm -rf "$root/releases/.part" && return 1; }
    sync -f "$root/releases/.part"
    rm -rf "$root/releases/$version"
    mv -T "$root/releases/.part" "$root/releases/$version"
    sync "$root/releases"
  fi
  [ "$now" = "$version" ] && is_whole "$now" && return 0
  if is_whole "$now"; then
    # The version before that was confirmed, where a trial is under way.
    previous=$(on_trial previous)
    [ "$(on_trial version)" = "$now" ] && is_whole "$previous" || previous=$now
    [ "$previous" = "$version" ] || put_on_trial "$version" "$previous" 0
  fi
  point "$version"
  say "$version is the next version to start"
}

# before-start: run by systemd as root before each start.
before_start() {
  now=$(current) version=$(on_trial version) previous=$(on_trial previous) starts=$(on_trial starts)
  if ! is_whole "$now"; then
    now=
    for folder in "$root"/releases/*/; do is_whole "$(basename "$folder")" && now=$(basename "$folder"); done
    is_whole "$previous" && now=$previous
    [ -n "$now" ] || { say "there is no whole version in $root/releases: install the package again" && return 1; }
    say "the link to the current version was broken; it is $now now"
    point "$now"
  fi
  [ -n "$version" ] || return 0
  # Staged by half (the link was not set before a power cut), or set by a person: no trial.
  [ "$now" = "$version" ] || { end_trial && return 0; }
  # Folders too: they would stay, and a start must not end here because of one.
  has_started || rm -rf "$notes/proven" "$notes/confirmed" "$notes/failed"
  if has_note confirmed "$version"; then
    end_trial
    keep_only "$version" "$previous"
    say "$version is confirmed; $previous is kept"
    return 0
  fi
  why=
  has_note failed "$version" && why=$(read_note failed | sed -n 2p)
  # Power cuts do not count against a version that has proven itself at this machine; its own reason says more than a count.
  [ -n "$why" ] || has_note proven "$version" || [ "${starts:-0}" -lt "$starts_max" ] || why="it started $starts times and proved nothing"
  if [ -n "$why" ] && is_whole "$previous"; then
    # Before the link: a power cut after it ends the trial at the next start, and the version would be forgotten.
    printf '%s\n%s\n%s\n' "$version" "$why" "$(date -u +%FT%TZ)" | replace went-back
    # Of these the centre's command installs none again; a person can.
    { grep -vxF "$version" "$root/went-back-from" 2>/dev/null || true; echo "$version"; } | replace went-back-from
    point "$previous"
    end_trial
    say "went back from $version to $previous: $why"
    return 0
  fi
  has_note proven "$version" || put_on_trial "$version" "$previous" "$((${starts:-0} + 1))"
}

# status: one line for each fact, for people and for "gengfu check".
status() {
  echo "current=$(current)"
  [ ! -f "$root/trial" ] || sed 's/^/trial./' "$root/trial"
  [ ! -f "$root/went-back" ] || echo "went-back=$(tr '\n' ' ' <"$root/went-back")"
  for folder in "$root"/releases/*/; do echo "kept=$(basename "$folder")"; done
}

case ${1:-} in
  stage) [ $# -eq 3 ] || { say "usage: release stage VERSION ARCHIVE" && exit 2; } && stage "$2" "$3" ;;
  before-start) before_start ;;
  status) status ;;
  *) say "usage: release stage VERSION ARCHIVE | before-start | status" && exit 2 ;;
esac
