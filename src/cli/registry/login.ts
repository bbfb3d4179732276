import { readFileSync } from 'node:fs';
import type { AuthConfig } from '#api';
import type { Command, CommandInput } from '../command.ts';
import { stdinIsTerminal } from '../output/terminal.ts';
import type { Session } from '../session.ts';
import { findCredentials, HUB, serverKey, storeCredentials } from './credentials.ts';
import { ask } from './prompt.ts';

const INSECURE = 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n';
const NO_TERMINAL = 'Error: Cannot perform an interactive login from a non TTY device';

/** Shows credentials to a registry and keeps them. */
export const command: Command = {
  usage: '[OPTIONS] [SERVER]',
  operands: { least: 0, most: 1 },
  flags: [
    { name: 'password', short: 'p', kind: 'string', usage: 'Password or Personal Access Token (PAT)' },
    {
      name: 'password-stdin',
      kind: 'bool',
      usage: 'Take the Password or Personal Access Token (PAT) from stdin',
    },
    { name: 'username', short: 'u', kind: 'string', usage: 'Username' },
  ],
  run,
};

async function run(session: Session, { flags, operands: [server] }: CommandInput): Promise<number> {
  let password = flags.text('password');
  const username = flags.text('username');
  if (flags.bool('password-stdin')) {
    if (password !== '') throw new Error('conflicting options: cannot specify both --password and --password-stdin');
    if (username === '') throw new Error('the --password-stdin option requires --username to be set');
    password = readFileSync(0, 'utf8').replace(/\n$/, '').replace(/\r$/, '');
  }
  if (flags.changed('password')) session.err(INSECURE);
  const key = serverKey(server);
  const known = username === '' && password === '' ? findCredentials(session, key) : undefined;
  if (known && (await tryKnown(session, known))) return 0;
  const given = await complete({ username, password }, key);
  await enter(session, key, given);
  return 0;
}

async function tryKnown(session: Session, known: Partial<AuthConfig>): Promise<boolean> {
  session.err(`Authenticating with existing credentials...${known.username ? ` [Username: ${known.username}]` : ''}\n`);
  session.err("\n Info -> To login with a different account, run 'docker logout' followed by 'docker login'\n\n\n");
  try {
    const { Status } = await session.client.registries.login(known);
    session.out(`${Status}\n`);
    return true;
  } catch (error) {
    if (!stdinIsTerminal()) throw error;
    session.err(`Stored credentials invalid or expired\n`);
    return false;
  }
}

async function complete(given: { username: string; password: string }, key: string) {
  if (given.username !== '' && given.password !== '') return given;
  if (!stdinIsTerminal()) throw new Error(NO_TERMINAL);
  if (key === HUB)
    process.stderr.write('Log in with your Docker ID or email address to push and pull images from Docker Hub.\n');
  const username = given.username || (await ask('Username: '));
  if (username === '') throw new Error('Error: Non-null Username Required');
  const password = given.password || (await ask('Password: ', { hidden: true }));
  if (password === '') throw new Error('Error: Password Required');
  return { username, password };
}

async function enter(session: Session, key: string, given: { username: string; password: string }): Promise<void> {
  const asked = { ...given, serveraddress: key };
  const { Status, IdentityToken } = await session.client.registries.login(asked);
  const kept = IdentityToken ? { username: given.username, identitytoken: IdentityToken } : given;
  if (storeCredentials(session, key, kept)) {
    const path = `${session.configDir}/config.json`;
    session.err(
      `\nWARNING! Your credentials are stored unencrypted in '${path}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
    );
  }
  session.out(`${Status}\n`);
}
