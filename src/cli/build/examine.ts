import { randomBytes } from 'node:crypto';
import { command as runCommand } from '../container/run.ts';
import type { FlagValues } from '../flags/flag-values.ts';
import { parseFlags } from '../flags/parse.ts';
import { stdinIsTerminal } from '../output/terminal.ts';
import type { Session } from '../session.ts';

/** Runs a shell in the files of a step that failed. Of the container nothing is left, also when a signal ends it. */
export async function examine(session: Session, flags: FlagValues, image: string): Promise<void> {
  const name = `gantry-examine-${randomBytes(6).toString('hex')}`;
  const { containers } = session.client;
  // Who is the first process of a container is not ended by signals that are not answered.
  const end = () => void containers.kill(name, 'KILL').catch(() => {});
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, end);
  session.err('The files of the failed step are as it left them, without its mounts. Leave the shell to end.\n');
  try {
    const terminal = stdinIsTerminal() ? ['--tty'] : [];
    const words = ['--rm', '--interactive', ...terminal, '--sig-proxy=false', '--pull', 'never', '--name', name];
    const network = ['none', 'host'].includes(flags.text('network')) ? ['--network', flags.text('network')] : [];
    const { values, operands } = parseFlags(runCommand.flags, [...words, ...network, image], true);
    await runCommand.run(session, { flags: values, operands, path: `${session.program} run` });
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}
