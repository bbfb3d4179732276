import { indentJson } from '../format/json-indent.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';

/** One object: its JSON as the daemon wrote it, and its Go type where that decides how templates see it. */
export interface Inspected {
  text: string;
  type?: 'container' | 'image';
}

/** Prints objects as indented JSON, as one line (`json`) or through a template; stops at none, and fails if one failed. */
export async function inspectAll(
  session: Session,
  names: readonly string[],
  format: string,
  get: (name: string) => Promise<Inspected>,
): Promise<number> {
  const failures: string[] = [];
  const found: Inspected[] = [];
  const render = await objectRenderer(format);
  let output = '';
  for (const name of names) {
    const object = await get(name).catch((error: Error) => {
      failures.push(error.message);
      return undefined;
    });
    if (!object) continue;
    if (!render) {
      found.push(object);
      continue;
    }
    try {
      output += `${render(object)}\n`;
    } catch (error) {
      // Docker: a failing template ends the list, and what it had written is followed by a newline.
      session.out(`${output}\n`);
      throw new StatusError((error as Error).message, 1);
    }
  }
  if (render) session.out(output || '\n');
  else session.out(`${asList(found, format)}\n`);
  if (failures.length > 0) throw new StatusError(failures.join('\n'), 1);
  return 0;
}

function asList(found: Inspected[], format: string): string {
  const list = `[${found.map(({ text }) => text.trim()).join(',')}]`;
  return format === 'json' ? list : indentJson(list);
}

/** How objects are printed by this format; undefined when they are printed as they are. */
export async function objectRenderer(format: string): Promise<((object: Inspected) => string) | undefined> {
  if (format === '' || format === 'json') return undefined;
  const { compile } = await import('#template');
  const { typed } = await import('../format/typed.ts');
  let template: ReturnType<typeof compile>;
  try {
    template = compile(format);
  } catch (error) {
    throw new StatusError(`template parsing error: ${(error as Error).message}`, 64);
  }
  return ({ text, type }) => {
    const value = JSON.parse(text);
    if (type) {
      try {
        return template.run(typed(type, value));
      } catch {
        // What the type does not know may still be in the JSON: tried below, and its error is the one that is told.
      }
    }
    try {
      return template.run(value, { missingKeyIsError: true });
    } catch (error) {
      throw new Error(`template parsing error: ${(error as Error).message}`);
    }
  };
}
