import assert from 'node:assert/strict';
import type { Machine } from './machine.ts';

/** What a host of its own must show; each step leaves the machine fit for the next. */
export interface Step {
  readonly name: string;
  run(machine: Machine): Promise<void>;
}

const G = 'cd /root/gantry &&';
const NODE = 'node_modules/.bin/node';
/**
 * Waits until the daemon serves: a start job of the unit ends then. Twice, as the emulator has been seen to run code of
 * V8 that was not there yet; systemd starts the daemon again, as on any host.
 */
const SERVING = 'systemctl start gantry || { sleep 2; systemctl start gantry; }';
/** Bash asks for the page: the wget of Debian 12's static busybox crashes. */
const fetch = (address: string) =>
  `timeout 20 bash -c 'exec 3<>/dev/tcp/${address}/8080 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3'`;

export const quickstart: Step = {
  name: 'quickstart on the bare system runs a container and is quick the second time',
  run: async (machine) => {
    await machine.putRepository();
    const first = await machine.sh(`${G} ./quickstart.sh`, 1_200_000);
    assert.match(first, /<h1>Hello from a Gantry container/);
    assert.match(first, /0\.0\.0\.0:8080->80\/tcp, \[::\]:8080->80\/tcp +gantry-hello/);
    const container = 'gantry ps -q --no-trunc; systemctl show -P MainPID gantry';
    const before = await machine.sh(container);
    const second = await machine.sh(`${G} ./quickstart.sh`, 120_000);
    assert.match(second, /<h1>Hello from a Gantry container/);
    assert.doesNotMatch(second, /Installing|Making|Starting|Running/);
    assert.equal(await machine.sh(container), before);
    assert.equal(await machine.sh('systemctl is-active gantry.service gantry-containers.service'), 'active\nactive');
  },
};

export const lifeCycle: Step = {
  name: 'a container lives: run, exec, logs, stop, start, remove',
  run: async (machine) => {
    assert.equal(await machine.sh('gantry run --rm gantry/hello echo one'), 'one');
    await machine.sh('gantry run -d --name life gantry/hello sh -c "echo out; exec sleep 1000"');
    assert.equal(await machine.sh('gantry exec life cat /proc/1/comm'), 'sleep');
    assert.equal(await machine.sh('gantry logs life'), 'out');
    await machine.sh('gantry stop -t 1 life && gantry start life');
    assert.equal(await machine.sh('gantry inspect -f "{{.State.Status}}" life'), 'running');
    await machine.sh('gantry rm -f life');
    assert.equal(await machine.sh('ls /sys/fs/cgroup/system.slice | grep -c "^gantry-[0-9a-f]" || true'), '1');
  },
};

export const limits: Step = {
  name: 'limits hold on cgroup v2 with the systemd driver',
  run: async (machine) => {
    assert.match(await machine.sh('gantry info'), /Cgroup Driver: systemd\n\s*Cgroup Version: 2/);
    const id = await machine.sh(
      'gantry run -d --name limited -m 64m --memory-swap 64m --cpus 0.5 --pids-limit 50 gantry/hello sleep 1000',
    );
    const scope = `/sys/fs/cgroup/system.slice/gantry-${id}.scope`;
    const read = () => machine.sh(`cd ${scope} && cat memory.max memory.swap.max cpu.max pids.max`);
    const limits = [String(64 << 20), '0', '50000 100000', '50'].join('\n');
    assert.equal(await read(), limits);
    // systemd writes again what it knows of a scope.
    await machine.sh('systemctl daemon-reload');
    assert.equal(await read(), limits);
    await machine.sh('gantry rm -f limited');
    const grow = "gantry run --name oom -m 16m --memory-swap 16m gantry/hello sh -c 'tail /dev/zero'; echo $?";
    assert.equal((await machine.sh(grow)).split('\n').at(-1), '137');
    assert.equal(await machine.sh('gantry inspect -f "{{.State.OOMKilled}}" oom && gantry rm oom'), 'true\noom');
  },
};

export const liveLimits: Step = {
  name: 'limits of a running container change live, and statistics show them',
  run: async (machine) => {
    const given =
      '-m 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 -c 512 --pids-limit 50 --cpuset-cpus 0 --cpuset-mems 0';
    const id = await machine.sh(
      `gantry run -d --name live ${given} --device-read-bps /dev/vda:1mb gantry/hello sh -c 'while :; do :; done'`,
    );
    const files = 'memory.max memory.swap.max memory.low cpu.max cpu.weight pids.max cpuset.cpus cpuset.mems';
    const read = (folder: string) => `cd ${folder} && cat ${files}`;
    const scope = `/sys/fs/cgroup/system.slice/gantry-${id}.scope`;
    const before = [64 << 20, 32 << 20, 32 << 20, '50000 100000', 20, 50, 0, 0].join('\n');
    assert.equal(await machine.sh(read(scope)), before);
    assert.match(await machine.sh(`cat ${scope}/io.max`), /rbps=1048576 wbps=max/);
    const other = '-m 128m --memory-swap 160m --memory-reservation 48m --cpus 0.25 -c 2048 --pids-limit 70';
    await machine.sh(`gantry update ${other} live`);
    const after = [128 << 20, 32 << 20, 48 << 20, '25000 100000', 79, 70, 0, 0].join('\n');
    assert.equal(await machine.sh(read(scope)), after);
    // systemd writes again what it knows of a scope.
    await machine.sh('systemctl daemon-reload');
    assert.equal(await machine.sh(read(scope)), after);
    assert.equal(await machine.sh(`gantry exec live sh -c '${read('/sys/fs/cgroup')}'`), after);
    const shown = await machine.sh('gantry stats --no-stream --format "{{.CPUPerc}} {{.MemUsage}} {{.PIDs}}" live');
    assert.match(shown, /^[\d.]*[1-9][\d.]*% \S+ \/ 128MiB 1$/);
    assert.equal(
      await machine.sh(
        'gantry inspect -f "{{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}" live && gantry rm -f live',
      ),
      '250000000 70\nlive',
    );
  },
};

export const userNamespaces: Step = {
  name: 'containers have users of their own, and the same images, volumes and limits',
  run: async (machine) => {
    const restart = `{ systemctl restart gantry || ${SERVING}; }`;
    await machine.sh(
      `mkdir -p /etc/gantry && echo '{"userns-remap": "default"}' >/etc/gantry/daemon.json && ${restart}`,
    );
    assert.match(await machine.sh('gantry info; grep dockremap /etc/subuid'), /\n +userns\n[\s\S]*dockremap:\d+:65536/);
    await machine.sh(
      'gantry run -d --name users -m 64m -v shifted:/v gantry/hello sh -c "touch /v/x /x; exec sleep 1000"',
    );
    const seen = 'gantry exec users sh -c "stat -c %u /x /v/x /bin; cat /sys/fs/cgroup/memory.max"';
    assert.equal(await machine.sh(seen), ['0', '0', '0', String(64 << 20)].join('\n'));
    const outside = 'stat -c %u /proc/$(gantry inspect -f "{{.State.Pid}}" users)';
    assert.match(await machine.sh(outside), /^[1-9]\d{4,}$/);
    await machine.sh(`gantry rm -f users && rm /etc/gantry/daemon.json && ${restart}`);
    assert.equal(await machine.sh('gantry run --rm -v shifted:/v gantry/hello stat -c %u /v/x'), '0');
    await machine.sh('gantry volume rm shifted');
  },
};

export const apparmor: Step = {
  name: 'AppArmor confines containers that do not ask otherwise',
  run: async (machine) => {
    assert.match(await machine.sh('gantry info'), /Security Options:\s+apparmor/);
    await machine.sh('gantry run -d --name confined gantry/hello sleep 1000');
    const profile =
      'gantry inspect -f "{{.AppArmorProfile}}" confined; cat /proc/$(gantry inspect -f "{{.State.Pid}}" confined)/attr/current';
    assert.equal(await machine.sh(profile), 'gantry-default\ngantry-default (enforce)');
    assert.equal(await machine.sh('gantry exec confined cat /proc/self/attr/current'), 'gantry-default (enforce)');
    assert.equal(await machine.sh('gantry exec --privileged confined cat /proc/self/attr/current'), 'unconfined');
    await machine.sh('gantry stop -t 1 confined && gantry rm confined');
    const mount = (options: string) =>
      machine.sh(
        `gantry run --rm --cap-add SYS_ADMIN --security-opt seccomp=unconfined ${options} gantry/hello mount -t tmpfs x /tmp 2>&1 || true`,
      );
    assert.match(await mount(''), /Permission denied|permission denied/);
    assert.equal(await mount('--security-opt apparmor=unconfined'), '');
    const missing = 'gantry run --rm --security-opt apparmor=nosuch gantry/hello true 2>&1; echo $?';
    assert.match(await machine.sh(missing), /apparmor.*12[5-7]$/s);
  },
};

export const unitRestart: Step = {
  name: 'stopping, restarting and killing the unit leaves containers alone',
  run: async (machine) => {
    const pid = await machine.sh('gantry inspect -f "{{.State.Pid}}" gantry-hello');
    const daemon = () => machine.sh('systemctl show -P MainPID gantry');
    await machine.sh('systemctl stop gantry');
    for (const address of ['127.0.0.1', '::1', '10.0.2.15']) {
      assert.match(await machine.sh(fetch(address)), /Hello/, `${address}, no daemon`);
    }
    await machine.sh(`(${SERVING}) && systemctl restart gantry || (${SERVING})`);
    const before = await daemon();
    await machine.sh('systemctl kill -s KILL gantry');
    await machine.sh(
      `until [ "$(systemctl show -P MainPID gantry)" -gt 0 ] && ! kill -0 ${before} 2>/dev/null; do sleep 0.2; done`,
    );
    await machine.sh(SERVING);
    assert.notEqual(await daemon(), before);
    assert.equal(await machine.sh('gantry inspect -f "{{.State.Pid}}" gantry-hello'), pid);
    assert.equal(await machine.sh('gantry exec gantry-hello echo alive'), 'alive');
  },
};

export const reboot: Step = {
  name: 'at shutdown containers get their own signal, and after it restart policies hold',
  run: async (machine) => {
    const idle = 'gantry/hello sleep 100000';
    await machine.sh(`gantry run -d --name always --restart always ${idle}`);
    await machine.sh(`gantry run -d --name unless --restart unless-stopped ${idle}`);
    await machine.sh(`gantry run -d --name stopped --restart unless-stopped ${idle} && gantry stop -t 1 stopped`);
    const trap = `trap "echo bye; exit 3" USR1; while :; do sleep 0.2; done`;
    await machine.sh(`gantry run -d --name never --stop-signal USR1 gantry/hello sh -c '${trap}'`);
    await machine.reboot();
    await machine.sh(SERVING);
    await machine.sh('for i in $(seq 20); do [ $(gantry ps -q | wc -l) -ge 2 ] && break; sleep 1; done');
    assert.equal(
      await machine.sh('gantry inspect -f "{{.State.Status}} {{.State.ExitCode}}" always unless stopped never'),
      ['running 0', 'running 0', 'exited 137', 'exited 3'].join('\n'),
    );
    assert.equal(await machine.sh('gantry logs never'), 'bye');
    await machine.sh('gantry rm -f always unless stopped never && gantry start gantry-hello');
    assert.match(await machine.sh(fetch('localhost')), /Hello/);
  },
};

export const powerCut: Step = {
  name: 'a power cut damages no listed image and loses nothing acknowledged',
  run: async (machine) => {
    await machine.sh(
      `tar -C /usr/share -cf /root/tree.tar doc && ${G} ${NODE} test/vm/make-layers.ts 3 >/root/layers.tar && sync`,
    );
    await machine.sh('gantry load -i /root/layers.tar');
    await machine.sh('gantry import /root/tree.tar cut/image && gantry create --name cut gantry/hello echo still here');
    await machine.cutPower();
    await machine.sh(SERVING);
    assert.equal(await machine.sh('gantry images -q cut/image | wc -l'), '1');
    assert.equal(await machine.sh('gantry start -a cut'), 'still here');
    const layers = 'gantry run --rm layers/twelve sh -c "cat /layer-1 /layer-3; ls / | grep -c layer-"';
    assert.equal(await machine.sh(layers), '1\n3\n3');
    const sums = (folder: string) =>
      `(cd ${folder} && find doc -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)`;
    const unpacked = 'dirname "$(find /var/lib/gantry/snapshots -type d -path "*/doc" | head -1)"';
    assert.equal(await machine.sh(sums(`"$(${unpacked})"`)), await machine.sh(sums('/usr/share')));
    await machine.sh('gantry rm cut && gantry rmi cut/image layers/twelve');
  },
};

export const manyLayers: Step = {
  name: 'an image of twelve layers runs',
  run: async (machine) => {
    await machine.sh(`${G} ${NODE} test/vm/make-layers.ts 12 >/root/layers.tar`);
    await machine.sh('gantry load -i /root/layers.tar');
    assert.equal(
      await machine.sh('gantry run --rm layers/twelve sh -c "cat /layer-1 /layer-12; ls / | grep -c layer-"'),
      '1\n12\n12',
    );
    await machine.sh('gantry rmi layers/twelve');
  },
};

export const uninstall: Step = {
  name: 'uninstall leaves no trace',
  run: async (machine) => {
    assert.match(await machine.sh(`${G} ${NODE} test/vm/list-tables.ts`), /inet gantry/);
    await machine.sh(`${G} ./quickstart.sh --uninstall`);
    const files = [
      '/var/lib/gantry',
      '/run/gantry',
      '/var/cache/gantry',
      '/etc/systemd/system/gantry*',
      '/etc/systemd/system/*/gantry*',
      '/etc/systemd/network/*gantry*',
      '/run/systemd/*/gantry*',
      '/usr/local/bin/gantry*',
      '/var/run/docker.sock',
      '/var/log/gantryd.log',
    ];
    const traces = [
      `ls -d ${files.join(' ')} 2>/dev/null`,
      'ip -o link | grep -E "gantry|gv[0-9a-f]"',
      'pgrep -a "^(gantry|crun)"; pgrep -fa "[b]in/gantryd.js"',
      'find /sys/fs/cgroup -name "*gantry*"',
      'systemctl list-units --all --no-legend "*gantry*"; systemctl list-unit-files --no-legend "*gantry*"',
      'grep gantry /proc/mounts',
      `(${G} ${NODE} test/vm/list-tables.ts)`,
    ];
    assert.equal(await machine.sh(`(${traces.join('; ')}) || true`), '');
  },
};
