import type { WhyFinding } from '#api';
import { isUp } from '../record.ts';
import type { Facts } from './facts.ts';
import { finding } from './finding.ts';
import { logClues } from './log-clues.ts';
import { startClue } from './start-clues.ts';
import { stateClues } from './state-clues.ts';

/** Ways to end that say little when the program has said more. */
const VAGUE = new Set(['restart-loop', 'stopped']);

/** What a container suffers from, the most telling first; never empty. Pure. */
export function diagnose(facts: Facts): WhyFinding[] {
  const failed = startClue(facts);
  const state = stateClues(facts);
  const said = failed || endedWell(facts) ? [] : logClues(facts);
  const all = [
    ...(failed ? [failed] : []),
    ...state.filter(({ Code }) => !VAGUE.has(Code)),
    ...said,
    ...state.filter(({ Code }) => VAGUE.has(Code)),
  ];
  const first = new Map<string, WhyFinding>();
  for (const one of all) if (!first.has(one.Code)) first.set(one.Code, one);
  return first.size > 0 ? [...first.values()] : [plain(facts)];
}

/** What a program that did its work complained of meanwhile did not keep it from it. */
function endedWell({ container, ends: [end] }: Facts): boolean {
  return !isUp(container) && (end?.exitCode === 0 || end?.stopped === true);
}

function plain({ container, ends: [end], log }: Facts): WhyFinding {
  if (isUp(container)) return finding('runs', 'it runs, and nothing speaks against it');
  if (!end) return finding('never-started', 'it was not started yet', { remedy: `gantry start ${container.name}` });
  if (end.exitCode === 0) return finding('finished', 'its program came to its end, with exit code 0');
  return finding('exit-code', `its program ended by itself with exit code ${end.exitCode}`, {
    evidence: log.slice(-3),
  });
}
