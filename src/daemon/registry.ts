import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EngineError, invalid } from '#errdefs';
import type { Log } from '#log';
import { createLog } from '#log';
import type { RunDeps, SendFile, Storage } from '#registry';
import {
  Collector,
  DEFAULT_SETTINGS,
  isStructured,
  openStorage,
  Registry,
  registryConfig,
  runRegistry,
} from '#registry';
import { openUpstream } from './registry-upstream.ts';

const DEFAULT_CONFIG = '/etc/docker/registry/config.yml';
const DEFAULT_FOLDER = '/var/lib/registry';
const LIMIT = 1 << 20;

const USAGE = `Usage:  gantry registry serve [OPTIONS] [CONFIG.yml]
        gantry registry garbage-collect [OPTIONS] [CONFIG.yml]

Serves a registry of images from a folder, with the configuration of Docker's registry
(default ${DEFAULT_CONFIG} if it is there; REGISTRY_* in the environment win)

Options:
      --listen string   Address and port (default ":5000")
      --proxy string    URL of a registry to stand for: what is asked for is fetched from there and kept
      --root string     Folder of the content (default "${DEFAULT_FOLDER}")
`;

/** The program of the image that stands for `registry:2`: a path alone is a configuration to serve. */
export async function main(words: readonly string[]): Promise<void> {
  try {
    await registryMain(words[0]?.startsWith('/') ? ['serve', ...words] : words);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    process.stderr.write(`registry: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** `gantryd registry …`: a registry alone, without an engine. */
export async function registryMain(words: readonly string[], sendFile?: SendFile): Promise<void> {
  const { verb, config } = await read(words);
  if (!config) return void process.stdout.write(USAGE);
  const log = createLog('info', 'json');
  if (verb === 'garbage-collect') return await collect(openStorage(config, DEFAULT_FOLDER), log);
  const upstream: RunDeps['upstream'] = (of) => openUpstream(of, log);
  const running = await runRegistry(config, { log, storage: DEFAULT_FOLDER, sendFile, upstream });
  log.info('serving a registry', { address: running.address });
  const stop = () => void running[Symbol.asyncDispose]().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function read(words: readonly string[]) {
  const options = {
    listen: { type: 'string' },
    root: { type: 'string' },
    proxy: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw invalid((error as Error).message);
  }
  const [verb = '', path, ...rest] = parsed.positionals;
  if (parsed.values.help) return { verb };
  if (!['serve', 'garbage-collect'].includes(verb) || rest.length > 0) throw invalid(USAGE.trim());
  const environment = { ...process.env };
  if (parsed.values.listen !== undefined) environment['REGISTRY_HTTP_ADDR'] = parsed.values.listen;
  if (parsed.values.root !== undefined) environment['REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY'] = parsed.values.root;
  if (parsed.values.proxy !== undefined) environment['REGISTRY_PROXY_REMOTEURL'] = parsed.values.proxy;
  const given = Object.entries(environment).some(([key, text]) => key.startsWith('REGISTRY_') && isStructured(text));
  // Loaded only for those who have one.
  const parse = given ? (await import('yaml')).parse : undefined;
  return { verb, config: registryConfig(await readDocument(path), environment, parse) };
}

async function readDocument(path: string | undefined): Promise<unknown> {
  if (path === undefined && !existsSync(DEFAULT_CONFIG)) return {};
  try {
    const text = readFileSync(path ?? DEFAULT_CONFIG, 'utf8');
    if (text.length > LIMIT) throw new Error(`larger than ${LIMIT} bytes`);
    // Loaded only for those who have a file.
    const { parse } = await import('yaml');
    return (parse(text) as unknown) ?? {};
  } catch (error) {
    throw invalid(`cannot read ${path ?? DEFAULT_CONFIG}: ${(error as Error).message}`);
  }
}

/** For when nothing serves the storage: one pass takes all that no manifest refers to. */
async function collect(storage: Storage, log: Log): Promise<void> {
  const registry = new Registry({ storage, settings: DEFAULT_SETTINGS, log });
  const { blobs, links, bytes } = await new Collector(registry).collect({ now: true });
  process.stdout.write(`${blobs} blobs and ${links} links removed, ${bytes} bytes freed\n`);
}
