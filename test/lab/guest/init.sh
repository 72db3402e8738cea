#!/bin/busybox sh
# The guest's first process. The host's root file system, read-only over 9p, under a layer of RAM: programs and the
# checkout are there as they are, and nothing that happens here can touch the host. Then the agent runs, to the end.
PATH=/bin
/bin/busybox --install -s /bin
die() { echo "lab: $1"; echo o >/proc/sysrq-trigger; sleep 5; }

# A word of the kernel's command line, `lab.NAME=VALUE`; paths come in base64, for they may hold anything.
word() { for w in $(cat /proc/cmdline); do case $w in lab.$1=*) echo "${w#lab."$1"=}" ;; esac; done; }
path() { word "$1" | base64 -d; }

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module" || die "module $module"; done

mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /lower || die 'the 9p root'
mount -t tmpfs -o size=75% ram /ram
mkdir /ram/upper /ram/work
mount -t overlay -o lowerdir=/lower,upperdir=/ram/upper,workdir=/ram/work overlay /root || die 'the overlay'
NODE=$(path node) AGENT=$(path agent) MODULES=$(path modules) SERVICES=$(word services) ID=$(word id) RELEASE=$(uname -r)
mount --move /dev /root/dev
mount --move /sys /root/sys

cd /root || die 'no root'
mkdir -p dev/pts dev/shm dev/mapper
mount -t devpts -o mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs shm dev/shm
mount -t tmpfs -o mode=755 run run
mkdir -p run/lock/lvm run/lvm
for pair in fd: stdin:/0 stdout:/1 stderr:/2; do
  [ -e "dev/${pair%%:*}" ] || ln -s "/proc/self/fd${pair#*:}" "dev/${pair%%:*}"
done
# What only the host's root may read is in the way of a guest that runs as somebody else; what LVM keeps is the host's.
for folder in root etc/lvm/archive etc/lvm/backup etc/lvm/cache; do
  { [ "$folder" = root ] && ls root >/dev/null 2>&1; } || { mkdir -p $folder; mount -t tmpfs -o mode=700 ram $folder; }
done
mkdir -p lib/modules && ln -sfn "$MODULES/lib/modules/$RELEASE" "lib/modules/$RELEASE"
rm -f .dockerenv etc/machine-id etc/lvm/devices/system.devices etc/lvm/lvmlocal.conf
echo "$ID" >etc/machine-id
hostname lab
ip link set lo up

if [ "$SERVICES" = none ]; then
  cat >etc/lvm/lvmlocal.conf <<'CONF'
# No udevd runs here: LVM makes its device nodes itself and waits for nobody.
activation { udev_sync=0 udev_rules=0 verify_udev_operations=1 monitoring=0 }
devices { obtain_device_list_from_udev=0 }
CONF
fi

mount --move /proc proc
export NODE AGENT SERVICES
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TZ=UTC TERM=xterm

# The agent as a service that comes up with what every service may count on, and nothing of the host's own services.
if [ "$SERVICES" = systemd ]; then
  mkdir -p run/systemd/system
  for unit in $(ls etc/systemd/system); do rm -rf "etc/systemd/system/$unit"; done
  # It would empty /tmp, where a checkout may be.
  ln -s /dev/null run/systemd/system/systemd-tmpfiles-setup.service
  cat >run/systemd/system/lab.target <<'UNIT'
[Unit]
Requires=basic.target lab.service
After=basic.target
UNIT
  cat >run/systemd/system/lab.service <<UNIT
[Unit]
FailureAction=poweroff-force
SuccessAction=poweroff-force
[Service]
ExecStartPre=modprobe -a virtio_blk dm-mod dm-snapshot loop ext4
ExecStart=$NODE $AGENT
Environment=PATH=$PATH HOME=$HOME LC_ALL=C TZ=UTC TERM=xterm
UNIT
  exec /bin/busybox switch_root /root /lib/systemd/systemd --unit=lab.target --show-status=no
fi

# A shell stays the first process, for it takes in the orphans, which node would not.
# Modules that every test needs; the kernel loads others by itself when they are asked for.
cat >/root/run/lab-start <<'START'
modprobe -a virtio_blk dm-mod dm-snapshot loop ext4
[ "$SERVICES" = udev ] && { /lib/systemd/systemd-udevd --daemon; udevadm trigger; udevadm settle; }
"$NODE" "$AGENT" </dev/null
echo "lab: the agent has ended with $?"
sync; echo o >/proc/sysrq-trigger; sleep 60
START
exec /bin/busybox switch_root /root /bin/sh /run/lab-start
