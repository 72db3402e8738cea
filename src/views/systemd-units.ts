/** The units that run a backup every night: a service, its timer, and what is started when it fails. */

export interface UnitSettings {
  /** Of the units: `lvmbackup`. */
  readonly name: string;
  /** Absolute paths. */
  readonly program: readonly string[];
  readonly file: string;
  /** As OnCalendar takes it. */
  readonly calendar: string;
  /** The program that the failure unit starts, where it is there. */
  readonly failureHook: string;
}

/** By file name. */
export function systemdUnits(settings: UnitSettings): Readonly<Record<string, string>> {
  const { name } = settings;
  return {
    [`${name}.service`]: service(settings),
    [`${name}.timer`]: timer(settings),
    [`${name}-failed.service`]: failed(settings),
  };
}

/**
 * What is closed to the service is what neither LVM nor hooks need. Not closed, and why: devices and kernel modules
 * (LVM makes and loads them), realtime of memory (LVM locks its own), writable and executable memory (JavaScript is
 * compiled), System V semaphores (LVM waits for udev with them), and anything that gives the service mounts of its
 * own: what a hook mounts or unmounts must be mounted or unmounted for all.
 */
function service({ name, program, file }: UnitSettings): string {
  return `[Unit]
Description=Backup by LVM snapshot of ${escaped(file)}
Documentation=man:lvmbackup(8) man:backup.yaml(5)
ConditionPathExists=${escaped(file)}
After=local-fs.target remote-fs.target lvm2-monitor.service
OnFailure=${name}-failed.service
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=oneshot
ExecStart=${[...program, 'apply', '--auto-approve', '--file', file].map(word).join(' ')}
Nice=10
UMask=0077
StateDirectory=lvmbackup
StateDirectoryMode=0700

# A signal goes to lvmbackup alone: it stops the copy, removes the snapshots, gives lent devices back, lets go what it
# froze, and ends. What it has started must not be shot meanwhile.
KillMode=mixed
KillSignal=SIGTERM
# Where it is killed itself, the child that thaws what it froze must live, and so must LVM's command of the moment.
SendSIGKILL=no
OOMPolicy=continue
# Then it is started again, and begins with what was left: no snapshot waits for the next night.
Restart=on-abnormal
RestartSec=1min
# Longer than that takes, with the hooks that come after a run (5 minutes each unless the file says otherwise).
TimeoutStopSec=30min
TimeoutStartSec=infinity

CapabilityBoundingSet=~CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_NET_BROADCAST
CapabilityBoundingSet=~CAP_SYS_TIME CAP_SYS_BOOT CAP_SYS_PACCT CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM CAP_LEASE
CapabilityBoundingSet=~CAP_SYSLOG CAP_BPF CAP_PERFMON CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_MAC_ADMIN CAP_MAC_OVERRIDE
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @obsolete @reboot @swap
SystemCallErrorNumber=EPERM
LockPersonality=yes
ProtectHostname=yes
RestrictRealtime=yes
KeyringMode=private
`;
}

function timer({ file, calendar }: UnitSettings): string {
  return `[Unit]
Description=Time for the backup by LVM snapshot of ${escaped(file)}
Documentation=man:lvmbackup(8)

[Timer]
OnCalendar=${escaped(calendar)}
# After a night that the machine slept through.
Persistent=true
RandomizedDelaySec=15min

[Install]
WantedBy=timers.target
`;
}

/** systemd tells it in MONITOR_UNIT, MONITOR_EXIT_STATUS and the like what failed, and how. */
function failed({ name, failureHook }: UnitSettings): string {
  return `[Unit]
Description=Tells that ${name}.service failed
Documentation=man:lvmbackup(8)
ConditionFileIsExecutable=${escaped(failureHook)}

[Service]
Type=oneshot
ExecStart=${word(failureHook)}
TimeoutStartSec=5min
`;
}

/** A percent sign would begin one of systemd's own placeholders. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

/** One word of a command line. */
function word(text: string): string {
  const safe = escaped(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$');
  return /[\s"'\\;]/.test(safe) ? `"${safe}"` : safe;
}
