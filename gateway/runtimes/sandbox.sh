#!/bin/sh
# Runs a program in a root of its own: `sandbox.sh ROOT FOLDER READABLE… -- PROGRAM…`, as the first process of new user,
# mount, process, network, IPC and host name namespaces. The program sees the system's programs and libraries, what is
# in FOLDER at /, and each READABLE at its own path, all of it read-only; it may write to an empty folder in memory. It
# has no capability and no way to get one. Descriptor 3 gets how it ended: one line of JSON.
set -eu
root=$1 folder=$2
shift 2

# show SOURCE TARGET: nothing below TARGET can be written, or run with other rights.
show() {
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}" && : >"$root$2"; fi
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro,nosuid,nodev "$root$2" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev,noexec "$root$2"
}

mount --make-rprivate /
mount -t tmpfs -o size=1m,mode=755,nosuid,nodev sandbox "$root"
for name in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$root/$name"
  elif [ -d "/$name" ]; then show "/$name" "/$name"; fi
done
show /usr /usr
for file in /etc/ld.so.cache /etc/alternatives /etc/localtime; do
  if [ -e "$file" ]; then show "$(readlink -f "$file")" "$file"; fi
done
while [ "$1" != -- ]; do show "$1" "$1"; shift; done
shift
for path in "$folder"/*; do show "$path" "/${path##*/}"; done

mkdir "$root/dev" "$root/proc" "$root/work" "$root/old"
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
# No user namespaces further in, where the program would be root.
mount -t proc proc "$root/proc"
echo 0 >"$root/proc/sys/user/max_user_namespaces"
umount "$root/proc"
# Its processes alone: what the rest of /proc changes is the machine's.
mount -t proc -o nosuid,nodev,noexec,subset=pid proc "$root/proc"
mount -t tmpfs -o size=64m,nr_inodes=4096,mode=755,nosuid,nodev sandbox "$root/work"
ln -s work "$root/tmp"
cd "$root"
pivot_root . old
umount -l /old
mount -o remount,ro /
cd /work
exec 4>&3 3>&-
code=0
setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@" 4>&- </dev/null || code=$?
printf '{"ok":true,"result":%d}\n' "$code" >&4
