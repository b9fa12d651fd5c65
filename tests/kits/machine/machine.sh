#!/bin/bash
# A machine of its own for tests: starts systemd as process 1 of a root made by debootstrap, with own processes, mounts, network and
# control groups. usage: machine.sh ROOT NAME; it ends when its process 1 is killed.
set -eu
root=$1 name=$2
group=/sys/fs/cgroup/unified
[ -d "$group" ] || group=/sys/fs/cgroup
mkdir -p "$group/gengfu-$name"
# Becomes the root of the machine's control groups.
echo $$ >"$group/gengfu-$name/cgroup.procs"
export root name
exec unshare --fork --pid --mount --cgroup --ipc --uts --net bash -euc '
  mount --make-rprivate /
  mount --bind "$root" "$root"
  cd "$root"
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  for folder in run dev; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
  mount -t tmpfs tmpfs tmp
  for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
  done
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  mount -t tmpfs tmpfs dev/shm
  ln -s /proc/self/fd dev/fd
  for at in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${at%:*}" "dev/${at#*:}"; done
  ip link set lo up
  hostname "$name"
  mkdir -p old
  pivot_root . old
  umount -l /old
  exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
'
