import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { invalid } from '#errdefs';

/** Formats that Node does not know; Docker has the host's program unpack them too. */
export type Foreign = 'xz' | 'bzip2';

const PROGRAMS: Readonly<Record<Foreign, readonly string[]>> = {
  xz: ['xz', '--decompress', '--stdout', '--quiet', '--memlimit-decompress=256MiB'],
  bzip2: ['bzip2', '--decompress', '--stdout', '--quiet'],
};
/** Who unpacks what a stranger packed has no rights of ours. */
const NOBODY = 65_534;
const TEXT_LIMIT = 400;

/** A stream unpacked by the host's program for its format, as nobody. */
export async function* unpackByProgram(kind: Foreign, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const [program, ...args] = PROGRAMS[kind] as [string, ...string[]];
  const rights = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(program, args, { ...rights, cwd: '/', env: { PATH: '/usr/bin:/bin' }, stdio: 'pipe' });
  const end = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  end.catch(() => {});
  let complaint = '';
  child.stderr.on('data', (chunk) => (complaint = `${complaint}${chunk}`.slice(0, TEXT_LIMIT)));
  // A program that has ended tells why by its exit code; a source that fails ends the program.
  const fed = pipeline(Readable.from(source, { objectMode: false }), child.stdin);
  fed.catch(() => child.kill('SIGKILL'));
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk;
    const code = await end.catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? missing(kind) : error;
    });
    await fed.catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
    if (code !== 0) throw invalid(`the archive cannot be unpacked: ${complaint.trim() || `${program} failed`}`);
  } finally {
    child.kill('SIGKILL');
  }
}

function missing(kind: Foreign): Error {
  return invalid(`${kind} archives need the program ${PROGRAMS[kind][0]}, which this host does not have`);
}
