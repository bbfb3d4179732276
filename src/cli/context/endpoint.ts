import type { Flag } from '../command.ts';
import { readBool } from '../flags/read-flag.ts';
import { readUserFile } from '../options/files.ts';
import type { Session } from '../session.ts';
import type { ContextMeta, TlsMaterial } from './store.ts';
import { defaultContext, readContext, readTls } from './store.ts';

/** What `create` and `update` have in common. */
export const endpointFlags: readonly Flag[] = [
  { name: 'description', kind: 'string', usage: 'Description of the context' },
  {
    name: 'docker',
    kind: 'map',
    holds: 'stringToString',
    shown: '[]',
    usage: 'set the docker endpoint',
    read: readPairs,
  },
];

/** What their help says before the options. */
export const endpointHelp = (verb: string): string => `
Docker endpoint config:

NAME                DESCRIPTION
from                Copy named context's Docker endpoint configuration
host                Docker endpoint on which to connect
ca                  Trust certs signed only by this CA
cert                Path to TLS certificate file
key                 Path to TLS key file
skip-tls-verify     Skip TLS certificate validation

Example:

$ docker context ${verb} my-context --description "some description" --docker "host=tcp://myserver:2376,ca=~/ca-file,cert=~/cert-file,key=~/key-file"
`;

type Endpoint = ContextMeta['Endpoints'][string];

/** The endpoint that `--docker` describes, with the contents of its files. */
export function readEndpoint(
  session: Session,
  given: Record<string, string>,
): { endpoint: Endpoint; tls: TlsMaterial } {
  const refuse = (why: string) => new Error(`unable to create docker endpoint config: ${why}`);
  const unknown = Object.keys(given).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw refuse(`unrecognized config key: ${unknown}`);
  if (given['from'] !== undefined) return copyEndpoint(session, given['from']);
  const tls: TlsMaterial = {};
  for (const name of ['ca', 'cert', 'key']) {
    const path = given[name];
    if (!path) continue;
    try {
      tls[`${name}.pem`] = Buffer.from(readUserFile(path));
    } catch (error) {
      throw refuse((error as Error).message);
    }
  }
  const fault = tlsFault(tls);
  if (fault) throw refuse(`invalid docker endpoint options: failed to retrieve context tls info: ${fault}`);
  const skip = given['skip-tls-verify'];
  return {
    endpoint: { ...(given['host'] && { Host: given['host'] }), SkipTLSVerify: skip ? readBool(skip) : false },
    tls,
  };
}

/** What is wrong with files that are to be kept, in Go's words. */
function tlsFault({ 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key }: TlsMaterial): string | undefined {
  const isPem = (file: Buffer, kind: RegExp) => kind.test(file.toString('latin1'));
  const certificate = /-----BEGIN CERTIFICATE-----/;
  if (ca && !isPem(ca, certificate)) return 'ca.pem seems invalid';
  if (!cert && !key) return undefined;
  if (!cert || !isPem(cert, certificate)) return 'tls: failed to find any PEM data in certificate input';
  return key && isPem(key, /-----BEGIN [A-Z ]*PRIVATE KEY-----/)
    ? undefined
    : 'tls: failed to find any PEM data in key input';
}

const keys = ['from', 'host', 'ca', 'cert', 'key', 'skip-tls-verify'];

/** The endpoint of another context; of the default one, what is in force now. */
export function copyEndpoint(session: Session, from: string): { endpoint: Endpoint; tls: TlsMaterial } {
  if (from === defaultContext) return { endpoint: { Host: session.defaultHost, SkipTLSVerify: false }, tls: {} };
  const endpoint = readContext(session.configDir, from).Endpoints['docker'];
  if (!endpoint) throw new Error(`context "${from}" has no docker endpoint`);
  return { endpoint, tls: readTls(session.configDir, from) };
}

/** `a=b,c=d` as pflag's stringToString. */
function readPairs(text: string, before: unknown): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    if (at < 0) throw new Error(`${pair} must be formatted as key=value`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return { ...(before as Record<string, string>), ...Object.fromEntries(pairs) };
}
