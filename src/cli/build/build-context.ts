import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { LayoutFolder } from '#client';
import { stdinIsTerminal } from '../output/terminal.ts';

/** Where a build finds its files. */
export interface BuildContext extends Disposable {
  /** What the front end is told of it. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Folders of this host by the names that the front end asks for. */
  readonly folders: Map<string, string>;
  /** What came on standard input, by the name that the front end is told. */
  readonly uploads: ReadonlyMap<string, AsyncIterable<Uint8Array>>;
}

const NOTHING = new Map<never, never>();
const REMOTE = /^(https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/;

/** Reads the operand and `--file`: a folder, an address, or `-` for a Dockerfile or an archive on standard input. */
export async function openContext(operand: string, file: string): Promise<BuildContext> {
  if (operand === '-' && file === '-')
    throw new Error("invalid argument: can't use stdin for both build context and dockerfile");
  const temporary: string[] = [];
  const scratch = () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-build-'));
    temporary.push(folder);
    return folder;
  };
  const context = await read(operand, file, scratch);
  const remove = () => {
    for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
  };
  return { ...context, [Symbol.dispose]: remove };
}

type Read = Omit<BuildContext, typeof Symbol.dispose>;

async function read(operand: string, file: string, scratch: () => string): Promise<Read> {
  if (operand === '-') return await fromStdin(file, scratch);
  if (REMOTE.test(operand)) {
    if (file !== '-')
      return {
        attributes: { context: operand, ...(file && { filename: file }) },
        folders: new Map(),
        uploads: NOTHING,
      };
    const folder = await dockerfileFromStdin(scratch);
    return {
      attributes: { context: operand, filename: 'Dockerfile', dockerfilekey: 'dockerfile' },
      folders: new Map([['dockerfile', folder]]),
      uploads: NOTHING,
    };
  }
  if (!existsSync(operand)) throw new Error(`unable to prepare context: path ${JSON.stringify(operand)} not found`);
  if (!statSync(operand).isDirectory())
    throw new Error(`unable to prepare context: path ${JSON.stringify(operand)} is not a directory`);
  const dockerfile =
    file === '-'
      ? join(await dockerfileFromStdin(scratch), 'Dockerfile')
      : resolve(file || join(operand, 'Dockerfile'));
  if (!existsSync(dockerfile))
    throw new Error(`failed to read dockerfile: open ${file || basename(dockerfile)}: no such file or directory`);
  return {
    attributes: { filename: basename(dockerfile) },
    folders: new Map([
      ['context', resolve(operand)],
      ['dockerfile', dirname(dockerfile)],
    ]),
    uploads: NOTHING,
  };
}

async function dockerfileFromStdin(scratch: () => string): Promise<string> {
  const folder = scratch();
  const bytes: Buffer[] = [];
  for await (const chunk of stdin()) bytes.push(chunk as Buffer);
  writeFileSync(join(folder, 'Dockerfile'), Buffer.concat(bytes));
  return folder;
}

const stdin = () => createReadStream('', { fd: 0, highWaterMark: 1 << 16 });

/** Standard input is an archive if it begins as one, else a Dockerfile without files beside it. */
async function fromStdin(file: string, scratch: () => string): Promise<Read> {
  if (stdinIsTerminal()) throw new Error('invalid argument: no context given on standard input');
  const input = stdin()[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first: Buffer[] = [];
  for (let size = 0; size < 512; ) {
    const { done, value } = await input.next();
    if (done) break;
    first.push(value);
    size += value.length;
  }
  const head = Buffer.concat(first);
  if (head.length === 0) throw new Error('unable to prepare context: standard input is empty');
  async function* all() {
    yield head;
    for (let next = await input.next(); !next.done; next = await input.next()) yield next.value;
  }
  if (isArchive(head)) {
    const id = crypto.randomUUID().replaceAll('-', '');
    const attributes = { context: `http://buildkit-session/${id}`, ...(file && { filename: file }) };
    return { attributes, folders: new Map(), uploads: new Map([[id, all()]]) };
  }
  const folder = scratch();
  const bytes: Buffer[] = [];
  for await (const chunk of all()) bytes.push(chunk);
  writeFileSync(join(folder, 'Dockerfile'), Buffer.concat(bytes));
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  return {
    attributes: { filename: 'Dockerfile' },
    folders: new Map([
      ['context', empty],
      ['dockerfile', folder],
    ]),
    uploads: NOTHING,
  };
}

const MAGIC = [
  [0x1f, 0x8b, 0x08],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0x28, 0xb5, 0x2f, 0xfd],
];

function isArchive(head: Buffer): boolean {
  if (MAGIC.some((bytes) => bytes.every((byte, at) => head[at] === byte))) return true;
  return head.length >= 263 && head.toString('latin1', 257, 262) === 'ustar';
}

/** `--build-context NAME=PLACE`: a folder is served to the build, all else is for the daemon to resolve. */
export function namedContexts(
  options: readonly string[],
  { folders, stores }: { folders: Map<string, string>; stores: Map<string, string> },
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const option of options) {
    const at = option.indexOf('=');
    if (at <= 0 || at === option.length - 1) throw new Error(`invalid context value: ${option}, expected key=value`);
    const name = option.slice(0, at).toLowerCase();
    const place = option.slice(at + 1);
    if (place.startsWith('oci-layout:')) {
      attributes[`context:${name}`] = layoutContext(place, stores);
      continue;
    }
    if (/^(docker-image|target|input):/.test(place) || REMOTE.test(place)) {
      attributes[`context:${name}`] = place;
      continue;
    }
    if (!existsSync(place) || !statSync(place).isDirectory()) {
      throw new Error(
        `failed to get build context path ${JSON.stringify(place)}: stat ${place}: no such file or directory`,
      );
    }
    folders.set(name, resolve(place));
    attributes[`context:${name}`] = `local:${name}`;
  }
  return attributes;
}

/** `oci-layout://PATH[:TAG][@DIGEST]`: the folder is served under a name, the image is named by its digest. */
function layoutContext(place: string, stores: Map<string, string>): string {
  const [, path = '', tag = 'latest', given] = /^oci-layout:\/\/([^:@]+)(?::([^@]*))?(?:@(.*))?$/.exec(place) ?? [];
  if (path === '') throw new Error(`invalid OCI layout reference ${JSON.stringify(place)}`);
  const layout = new LayoutFolder(path);
  const digest = given ?? layout.find({ tag })?.digest;
  if (digest === undefined) {
    throw new Error(`oci-layout reference ${JSON.stringify(place)} could not be resolved: no such tag ${tag}`);
  }
  const id = crypto.randomUUID().replaceAll('-', '');
  stores.set(`oci:${id}`, path);
  return `oci-layout://${id}:${tag}@${digest}`;
}
