import type { Engine, Pair } from './engines.ts';
import { output, timed } from './engines.ts';
import type { Row } from './statistics.ts';
import { inTurn } from './statistics.ts';

const ROUNDS = Math.min(Number(process.env.ROUNDS ?? 15), 10);
/** A registry that both engines reach under this name: both get the same bytes from it. */
const REGISTRY = process.env.PEER_REGISTRY;
const LAYERS = 8;
/** 2,500 files of 15 kB that do not compress. */
const WRITE = `mkdir /d$LAYER; i=0; while [ $i -lt 25 ]; do mkdir /d$LAYER/$i; head -c 1500000 /dev/urandom >/tmp/r
  j=0; while [ $j -lt 100 ]; do dd if=/tmp/r of=/d$LAYER/$i/$j bs=15000 skip=$j count=1 2>/dev/null; j=$((j+1)); done
  i=$((i+1)); done; rm /tmp/r`;
const CHANGE = 'head -c 10000000 /dev/urandom >/changed';

/** `docker pull` of 8 layers with 300 MB in 20,000 files that are not there, and of the same with one layer more. */
export async function* pull({ ours, theirs }: Pair): AsyncGenerator<Row> {
  if (!REGISTRY) throw new Error('PEER_REGISTRY must name a registry that both engines reach');
  const [image, changed] = [`${REGISTRY}/bench/pull:1`, `${REGISTRY}/bench/pull:2`];
  make(theirs, image, changed);
  const cold = (engine: Engine) => async () => {
    const time = await timed(engine, 'docker', ['pull', '-q', image]);
    output(engine, 'docker', ['rmi', image]);
    return time;
  };
  const times = await inTurn(ROUNDS, cold(ours), cold(theirs));
  yield { what: 'docker pull of 8 layers, 300 MB, 20,000 files', goal: '≥ 1.6×', ...times, unit: 'ms', more: false };
  for (const engine of [ours, theirs]) output(engine, 'docker', ['pull', '-q', image]);
  const more = (engine: Engine) => async () => {
    const time = await timed(engine, 'docker', ['pull', '-q', changed]);
    output(engine, 'docker', ['rmi', changed]);
    return time;
  };
  const changes = await inTurn(ROUNDS, more(ours), more(theirs));
  yield { what: 'docker pull of the same and 10 MB more', goal: '≥ 2×', ...changes, unit: 'ms', more: false };
  for (const engine of [ours, theirs]) output(engine, 'docker', ['rmi', image]);
}

/** Makes both images with one engine, pushes them and takes them away again. */
function make(engine: Engine, image: string, changed: string): void {
  let base = 'conformance';
  const commit = (script: string, to: string) => {
    const args = ['run', '--name', 'bench-pull', '--network', 'none', base, 'sh', '-c', script];
    output(engine, 'docker', args);
    output(engine, 'docker', ['commit', 'bench-pull', to]);
    output(engine, 'docker', ['rm', 'bench-pull']);
    base = to;
  };
  for (let layer = 1; layer < LAYERS; layer++) commit(`LAYER=${layer}; ${WRITE}`, `bench-pull:${layer}`);
  commit(`LAYER=${LAYERS}; ${WRITE}`, image);
  commit(CHANGE, changed);
  for (const name of [image, changed]) output(engine, 'docker', ['push', '-q', name]);
  const steps = Array.from({ length: LAYERS - 1 }, (_, i) => `bench-pull:${LAYERS - 1 - i}`);
  output(engine, 'docker', ['rmi', changed, image, ...steps]);
}
