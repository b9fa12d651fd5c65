# Runs commands of the handbook in a root of its own: private mounts over the folders that they change, a network with only
# loopback, and stand-ins for what no such root has (systemd, the way to the program's source).
# usage: unshare -mnpf --mount-proc --propagation private bash handbook-root.sh CHECKOUT COMMANDS
set -eu
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
chmod 755 "$work"
cp "$2" "$work/commands"
for d in /etc /var/lib /var/backups /usr/local /opt /srv; do
  mkdir -p "$work/u$d" "$work/w$d"
  chmod 755 "$work/u$d"
  mount -t overlay overlay -o "lowerdir=$d,upperdir=$work/u$d,workdir=$work/w$d" "$d"
done
rm -rf /opt/gengfu /var/backups/gengfu
mkdir /opt/gengfu
mount --bind "$1" /opt/gengfu
ip link set lo up
getent passwd gengfu > /dev/null && userdel gengfu
echo '127.0.0.1 centre.example.cn' >> /etc/hosts

# One machine plays the centre and the box here: the second page finds the user there.
useradd() { getent passwd gengfu > /dev/null || command useradd "$@"; }
git() { [ "$1" = clone ]; }
npm() { [ "$*" = 'run build' ] && [ -e dist/gateway/main.js ]; }
systemctl() {
  local name=${*: -1} unit state
  unit=/etc/systemd/system/$name.service
  case $1 in
    enable | start)
      for state in $(sed -n 's/^StateDirectory=//p' "$unit"); do
        install -d -o gengfu -g gengfu -m 0700 "/var/lib/$state"
      done
      # shellcheck disable=SC2046
      runuser -u gengfu -- $(sed -n 's/^ExecStart=//p' "$unit") >> "$work/$name.log" 2>&1 &
      echo $! > "$work/$name.pid"
      ;;
    stop)
      kill "$(cat "$work/$name.pid")"
      wait "$(cat "$work/$name.pid")" || true
      ;;
  esac
}
trap 'code=$?; if [ $code -ne 0 ]; then echo "FAILED with $code"; tail -n 5 "$work"/*.log 2> /dev/null; fi; kill $(jobs -p) 2> /dev/null; exit $code' EXIT
set -o pipefail
. "$work/commands"
