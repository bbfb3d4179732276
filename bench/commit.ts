import type { Engine, Pair } from './engines.ts';
import { output, timed } from './engines.ts';
import type { Row } from './statistics.ts';
import { inTurn } from './statistics.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 15);
/** 5,000 files of 20 kB that do not compress. */
const WRITE = `mkdir /d; i=0; while [ $i -lt 50 ]; do mkdir /d/$i; head -c 2097100 /dev/urandom >/tmp/r
  j=0; while [ $j -lt 100 ]; do dd if=/tmp/r of=/d/$i/$j bs=20971 skip=$j count=1 2>/dev/null; j=$((j+1)); done
  i=$((i+1)); done; rm /tmp/r; echo >/done; sleep 1000`;

/**
 * `docker commit` of a running container's change of 100 MB. The images are removed at the end: ext4 makes files slowly for
 * half a minute after thousands were deleted.
 */
export async function* commit({ ours, theirs }: Pair): AsyncGenerator<Row> {
  for (const engine of [ours, theirs]) {
    output(engine, 'docker', [
      'run',
      '-d',
      '--name',
      'bench-commit',
      '--network',
      'none',
      'conformance',
      'sh',
      '-c',
      WRITE,
    ]);
    output(engine, 'docker', ['exec', 'bench-commit', 'sh', '-c', 'while ! [ -f /done ]; do sleep 0.2; done']);
  }
  let round = 0;
  const once = (engine: Engine) => timed(engine, 'docker', ['commit', 'bench-commit', `bench-committed:${round++}`]);
  const times = await inTurn(
    ROUNDS,
    () => once(ours),
    () => once(theirs),
  );
  yield { what: 'docker commit of 100 MB in 5,000 files', goal: '≥ 1.5×', ...times, unit: 'ms', more: false };
  for (const engine of [ours, theirs]) {
    output(engine, 'docker', ['rm', '-f', 'bench-commit']);
    output(engine, 'docker', ['rmi', ...output(engine, 'docker', ['images', '-q', 'bench-committed']).split('\n')]);
  }
}
