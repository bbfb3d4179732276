import { goQuote } from '#template/quote';
import type { Escape, KeyValue } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { cutAtGap, isSpace, trimStart, WORD_GAP } from '../white-space.ts';

/** Words between white space; quotes and escapes keep white space in a word and stay in it. */
export function quotedWords(text: string, token: Escape): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (isSpace(text[at]!)) at++;
    else {
      const { word, end } = quotedWord(text, at, token);
      if (word !== '') words.push(word);
      at = end;
    }
  }
  return words;
}

function quotedWord(text: string, from: number, token: Escape): { word: string; end: number } {
  let word = '';
  let quote: string | undefined;
  let at = from;
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (quote === undefined && isSpace(char)) break;
    if (char === token && quote !== "'") {
      // An escape that ends the text escapes nothing.
      if (at + 1 < text.length) word += char + text[++at]!;
      continue;
    }
    if (char === quote) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) quote = char;
    word += char;
  }
  return { word, end: at };
}

/** Words of instructions that know no quotes. */
export function plainWords(text: string): string[] {
  return text === '' ? [] : text.split(WORD_GAP);
}

/** `a=b c="d e"`, or the old form `name the rest is its value`; quotes and variables stay as they are. */
export function keyValues(name: string, text: string, token: Escape): KeyValue[] {
  const words = quotedWords(text, token);
  if (words.length === 0) return [];
  if (!words[0]!.includes('=')) {
    const [key, value] = cutAtGap(text);
    if (value === undefined) refuse(`${name} must have two arguments`);
    return [{ key, value, legacy: true }];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 0) refuse(`Syntax error - can't find = in ${goQuote(word)}. Must be of the form: name=value`);
    return { key: word.slice(0, at), value: word.slice(at + 1), legacy: false };
  });
}

/** The strings of a JSON array; undefined when the text is no JSON array. One of anything else is refused. */
export function jsonWords(text: string): string[] | undefined {
  const body = trimStart(text);
  if (!body.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((word) => typeof word === 'string')) return value.map((word: string) => word.toWellFormed());
  return refuse('when using JSON array syntax, arrays must be comprised of strings only');
}
