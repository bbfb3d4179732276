const FARTHEST = 3;
/** Longer words are compared with nothing: the table of distances would grow with their product. */
const LONGEST = 256;

/** The option that is fewest edits from a word, within two; none when the word is an option itself. */
export function suggest(word: string, options: Iterable<string>, caseSensitive = true): string | undefined {
  if (word.length > LONGEST) return undefined;
  const wanted = caseSensitive ? word : word.toLowerCase();
  let best: string | undefined;
  let nearest = FARTHEST;
  for (const option of [...options].sort()) {
    const candidate = caseSensitive ? option : option.toLowerCase();
    if (candidate === wanted) return undefined;
    if (Math.abs(candidate.length - wanted.length) >= nearest) continue;
    const distance = editDistance(wanted, candidate);
    if (distance >= nearest) continue;
    nearest = distance;
    best = caseSensitive ? option : inCaseOf(candidate, word);
  }
  return best;
}

/** A message with the suggestion that Docker appends, if there is one. */
export function withSuggestion(message: string, word: string, options: Iterable<string>, caseSensitive = true): string {
  const match = suggest(word, options, caseSensitive);
  return match === undefined ? message : `${message} (did you mean ${match}?)`;
}

function inCaseOf(text: string, model: string): string {
  if (model === model.toLowerCase()) return text.toLowerCase();
  return model === model.toUpperCase() ? text.toUpperCase() : text;
}

function editDistance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      row.push(Math.min(row[j]! + 1, above[j + 1]! + 1, above[j]! + (a[i] === b[j] ? 0 : 1)));
    }
    above = row;
  }
  return above[b.length]!;
}
