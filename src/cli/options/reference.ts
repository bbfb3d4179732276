import { goQuote } from '../format/quote.ts';

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const whole = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::([\\w][\\w.-]{0,127}))?(?:@([a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?$`,
);

/** A name to give an image, and its tag (`latest` when none is said); throws with Docker's text. */
export function parseTarget(text: string): { name: string; tag: string } {
  const fail = (why: string) => {
    throw new Error(`Error parsing reference: ${goQuote(text)} is not a valid repository/tag: ${why}`);
  };
  const found = whole.exec(text);
  if (!found) {
    const path = text.split(/[:@]/)[0] ?? '';
    if (whole.test(text.toLowerCase()) || (whole.test(path.toLowerCase()) && path !== path.toLowerCase())) {
      const shown = path.includes('/') ? path : `library/${path}`;
      fail(`invalid reference format: repository name (${shown}) must be lowercase`);
    }
    fail('invalid reference format');
  }
  if (found?.[2] !== undefined) throw new Error('refusing to create a tag with a digest reference');
  const tag = found?.[1];
  return { name: tag === undefined ? text : text.slice(0, -tag.length - 1), tag: tag ?? 'latest' };
}
