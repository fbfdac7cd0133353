# Runs a program in an image's root as a container's runtime does: as the image's user, with nothing of the machine's but
# its network and a few devices, on a root that cannot be written to. It runs in a mount namespace of its own.
#
#   contained.sh ROOT USER STATE CONFIG PROGRAM…    STATE is the volume for what is kept, CONFIG a directory to read
set -eu
root=$1 user=$2 state=$3 config=$4
shift 4
mkdir -p "$root/proc" "$root/dev" "$root/tmp" "$root$config"
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount --bind "$state" "$root/var/lib/api-canary"
mount --bind "$config" "$root$config"
mount -o remount,ro,bind "$root$config"
mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid \
    chroot --userspec="$user" --groups= "$root" "$@"
