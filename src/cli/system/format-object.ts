import type { GoStruct } from '#template/value';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';

/** Prints one object through a template, or as JSON; `name` is what error texts call the template. */
export async function printObject(session: Session, format: string, object: GoStruct, name = ''): Promise<void> {
  const { compile } = await import('#template');
  const named = (error: unknown) =>
    (error as Error).message
      .replace(/^template: :/, `template: ${name}:`)
      .replace('executing ""', `executing "${name}"`);
  let template: ReturnType<typeof compile>;
  try {
    template = compile(format === 'json' ? '{{json .}}' : format);
  } catch (error) {
    throw new StatusError(`template parsing error: ${named(error)}`, 64);
  }
  try {
    session.out(`${template.run(object)}\n`);
  } catch (error) {
    session.out('\n');
    throw new Error(named(error));
  }
}
