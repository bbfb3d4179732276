import type { ArgDefinition, InstructionOf } from '../ast.ts';
import type { DispatchContext } from './context.ts';
import { expandIn, NOT_IN_ENV } from './context.ts';
import { withoutSecrets } from './secret-names.ts';
import type { StageState } from './stage-state.ts';

/** ARG in a stage: a build argument wins, then the default, then a global ARG or a platform of that name. */
export function defineArgs(state: StageState, context: DispatchContext, instruction: InstructionOf<'ARG'>): void {
  const { lines } = instruction;
  const told: string[] = [];
  for (const definition of instruction.args) {
    const { key, comment } = definition;
    withoutSecrets('ARG', key, { lines, report: context.report });
    const given = context.buildArgs.get(key);
    const isInherited = given === undefined && definition.value === undefined && context.globalArgs.has(key);
    const value = given ?? defaultOf(state, context, instruction, definition);
    if (value !== undefined && !NOT_IN_ENV.includes(key)) state.setVariable(key, value);
    if (!isInherited) state.outline.args.set(key, { name: key, value: value ?? '', comment, lines, uses: new Set() });
    state.outline.usedArgs.add(key);
    state.buildArgs = [...state.buildArgs, { key, comment, ...(value !== undefined && { value }) }];
    told.push(value === undefined ? key : `${key}=${value}`);
  }
  state.record(`ARG ${told.join(' ')}`);
}

function defaultOf(
  state: StageState,
  context: DispatchContext,
  instruction: InstructionOf<'ARG'>,
  { key, value }: ArgDefinition,
): string | undefined {
  return value === undefined ? context.globalArgs.get(key) : expandIn(state, context, instruction).word(value);
}
