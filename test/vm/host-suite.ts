import assert from 'node:assert/strict';
import type { Machine } from './machine.ts';

/** What a host of its own must show; each step leaves the machine fit for the next. */
export interface Step {
  readonly name: string;
  run(machine: Machine): Promise<void>;
}

const G = 'cd /root/gantry &&';

export const quickstart: Step = {
  name: 'quickstart on the bare system runs a container and is quick the second time',
  run: async (machine) => {
    await machine.putRepository();
    const first = await machine.sh(`${G} ./quickstart.sh`, 1_200_000);
    assert.match(first, /Hello from a Gantry container/);
    assert.match(first, /gantry-hello/);
    const second = await machine.sh(`${G} ./quickstart.sh`);
    assert.match(second, /Hello from a Gantry container/);
    assert.equal(await machine.sh('gantry ps -q | wc -l'), '1');
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
    const read = (file: string) => machine.sh(`cat ${scope}/${file}`);
    assert.equal(await read('memory.max'), String(64 << 20));
    assert.equal(await read('memory.swap.max'), '0');
    assert.equal(await read('cpu.max'), '50000 100000');
    assert.equal(await read('pids.max'), '50');
    await machine.sh('gantry rm -f limited');
    const grow = "gantry run --name oom -m 16m --memory-swap 16m gantry/hello sh -c 'tail /dev/zero'; echo $?";
    assert.equal((await machine.sh(grow)).split('\n').at(-1), '137');
    assert.equal(await machine.sh('gantry inspect -f "{{.State.OOMKilled}}" oom && gantry rm oom'), 'true\noom');
  },
};

export const unitRestart: Step = {
  name: 'restarting and killing the unit leaves containers alone',
  run: async (machine) => {
    const pid = await machine.sh('gantry inspect -f "{{.State.Pid}}" gantry-hello');
    for (const act of ['systemctl daemon-reload', 'systemctl restart gantry', 'systemctl kill -s KILL gantry']) {
      await machine.sh(act);
      await machine.sh('for i in $(seq 100); do gantry version >/dev/null 2>&1 && break; sleep 0.3; done');
      assert.equal(await machine.sh('gantry inspect -f "{{.State.Pid}}" gantry-hello'), pid, act);
    }
    assert.equal(await machine.sh('gantry exec gantry-hello echo alive'), 'alive');
  },
};

export const reboot: Step = {
  name: 'after a reboot restart policies hold',
  run: async (machine) => {
    await machine.sh('gantry run -d --name always --restart always gantry/hello sleep 100000');
    await machine.sh('gantry run -d --name unless --restart unless-stopped gantry/hello sleep 100000');
    await machine.sh(
      'gantry run -d --name stopped --restart unless-stopped gantry/hello sleep 100000 && gantry stop -t 1 stopped',
    );
    await machine.sh('gantry run -d --name never gantry/hello sleep 100000');
    await machine.reboot();
    await machine.sh('for i in $(seq 100); do gantry ps -q --filter name=unless | grep -q . && break; sleep 0.3; done');
    const state = (name: string) => machine.sh(`gantry inspect -f "{{.State.Status}}" ${name}`);
    assert.deepEqual(
      [await state('always'), await state('unless'), await state('stopped'), await state('never')],
      ['running', 'running', 'exited', 'exited'],
    );
    await machine.sh('gantry rm -f always unless stopped never');
  },
};

export const powerCut: Step = {
  name: 'a power cut damages no listed image and loses nothing acknowledged',
  run: async (machine) => {
    await machine.sh(
      'gantry export gantry-hello >/root/tree.tar 2>/dev/null || tar -C /usr/share -cf /root/tree.tar doc',
    );
    await machine.sh('sync');
    await machine.sh('gantry import /root/tree.tar cut/image && gantry create --name cut gantry/hello echo still here');
    await machine.cutPower();
    await machine.sh('for i in $(seq 200); do gantry version >/dev/null 2>&1 && break; sleep 0.3; done');
    assert.equal(await machine.sh('gantry images -q cut/image | wc -l'), '1');
    assert.equal(await machine.sh('gantry start -a cut'), 'still here');
    const empty = 'find /var/lib/gantry/snapshots -type f -path "*doc*" -size 0 | wc -l';
    const source = 'find /usr/share/doc -type f -size 0 | wc -l';
    assert.equal(await machine.sh(empty), await machine.sh(source));
    await machine.sh('gantry rm cut && gantry rmi cut/image');
  },
};

export const manyLayers: Step = {
  name: 'an image of twelve layers runs',
  run: async (machine) => {
    const layers = `${G} node_modules/.bin/node test/vm/make-layers.ts 12 >/root/layers.tar`;
    await machine.sh(layers);
    await machine.sh('gantry load -i /root/layers.tar');
    assert.equal(
      await machine.sh('gantry run --rm layers/twelve sh -c "cat /layer-1 /layer-12; ls / | grep -c layer-"'),
      '1\n12\n12',
    );
  },
};

export const uninstall: Step = {
  name: 'uninstall leaves no trace',
  run: async (machine) => {
    await machine.sh(`${G} ./quickstart.sh --uninstall`);
    const traces = [
      'ls -d /var/lib/gantry /run/gantry /etc/systemd/system/gantry* /usr/local/bin/gantry* 2>/dev/null',
      'ip -o link | grep -E "gantry|gv[0-9a-f]"',
      'pgrep -fa "gantryd|gantry-monitor"',
      'ls /sys/fs/cgroup/system.slice | grep gantry',
      'mount | grep gantry',
    ];
    assert.equal(await machine.sh(`(${traces.join('; ')}) || true`), '');
  },
};
